/** Every event that the gateway logs. docs/reference/telemetry.md shows the same table, and a test compares it with what is exported. */
import type { Severity } from "../../formats/otlp/log-message.ts";

export interface LogEvent {
  name: string;
  /** The severities that the event is logged with. */
  severities: readonly Severity[];
  meaning: string;
  attributes: readonly string[];
}

export const LOG_EVENTS = {
  request: {
    name: "spillway.request",
    severities: ["INFO", "ERROR"],
    meaning: "One record per request whose trace is exported; severity ERROR for 5xx.",
    attributes: ["those of the request's SERVER span"],
  },
  edgeLoad: {
    name: "spillway.edge.load",
    severities: ["INFO", "WARN", "ERROR"],
    meaning: "A load of the edge model ended: `ready`, `failed` (it is retried) or `rejected`.",
    attributes: [
      "spillway.edge.result",
      "spillway.edge.problem",
      "spillway.edge.load_ms",
      "spillway.edge.heap_bytes",
      "spillway.model",
    ],
  },
  candidateRejected: {
    name: "spillway.edge.candidate.rejected",
    severities: ["ERROR"],
    meaning:
      "An isolate tried the policy's candidate and does not run it; it runs the policy's model. Once per isolate.",
    attributes: ["spillway.model", "spillway.edge.problem", "spillway.policy.version"],
  },
  breaker: {
    name: "spillway.breaker",
    severities: ["INFO", "WARN"],
    meaning: "A breaker changed its state; WARN when it opens.",
    attributes: [
      "spillway.side",
      "spillway.origin",
      "spillway.breaker.from",
      "spillway.breaker.to",
      "spillway.breaker.reason",
    ],
  },
  policy: {
    name: "spillway.policy",
    severities: ["INFO"],
    meaning: "Another policy is in force in this isolate.",
    attributes: ["spillway.policy.version", "spillway.policy.source"],
  },
  policyProblem: {
    name: "spillway.policy.problem",
    severities: ["INFO", "WARN"],
    meaning: "Why the stored policy is not in force; INFO when it is in force again.",
    attributes: ["spillway.policy.problem"],
  },
  shadowDisagreed: {
    name: "spillway.shadow.disagreed",
    severities: ["INFO"],
    meaning: "Both sides classified a text, and their best labels differ. Comparisons that agree are only counted.",
    attributes: ["spillway.shadow.side", "spillway.shadow.score_distance"],
  },
} as const satisfies Record<string, LogEvent>;
