/**
 * Pure. What `npm start` prints: its usage, which settings have no effect, the first commands for a system that is ready, and what an outage of
 * a service means.
 */
import { isOtlpVariable, otlpSettings } from "../../formats/otlp/settings.ts";
import { defaultPolicy } from "../../policies/parse.ts";
import type { LocalSettings } from "../process/local-settings.ts";
import type { Service } from "./supervise.ts";

/** Classified at the edge. */
export const SHORT_TEXT = "WIN a free prize now, click here";
/** Repeated until only the origin can classify it. In two parts, so that the command has short lines. */
const SENTENCE = ["Hi Anna, the notes of the meeting are attached, ", "see you at lunch on Thursday. "] as const;
const REPETITIONS = 60;
/** Too long for the edge. */
export const LONG_TEXT = SENTENCE.join("").repeat(REPETITIONS);

/** For `npm start -- --help`. */
export const USAGE = `Usage: npm start

Runs Spillway on this machine: the gateway in workerd with
local KV and R2, the control plane with the ledger, the
Lambda origin, and a trace viewer.
Ctrl-C stops all of them. It has no options; environment
variables configure it:

  SPILLWAY_PORT=8787           port of the gateway
  SPILLWAY_CONTROL_PORT=8788   port of the control plane
  SPILLWAY_ORIGIN_PORT=8790    port of the local origin
  SPILLWAY_OTLP_PORT=4318      port of the trace viewer
  SPILLWAY_MODEL_DIR=<folder>  model package; default:
                               models/mail-tagger
  SPILLWAY_ORIGIN_URL=<url>    another origin
  OTEL_EXPORTER_OTLP_ENDPOINT=<url>
                               another trace backend
  ANONYMOUS_ACCESS=refused     require API keys
  OPERATOR_TOKEN=<token>       sign-in at the console

All variables: docs/reference/configuration.md.
To delete the local state: npm run reset`;

/**
 * The `OTEL_…` variables that change nothing. A shell may export them for other programs, so they are named and refuse no start.
 * @returns one sentence for each reason
 */
export function withoutEffect(env: NodeJS.ProcessEnv, { viewerPort }: Pick<LocalSettings, "viewerPort">): string[] {
  const set = Object.keys(env)
    .filter((name) => name.startsWith("OTEL_") && env[name]?.trim())
    .toSorted();
  const unread = set.filter((name) => !isOtlpVariable(name));
  const ofBackends = set.filter((name) => isOtlpVariable(name) && name !== "OTEL_SDK_DISABLED");
  const notices = [];
  if (unread.length > 0) notices.push(`no effect: Spillway does not read ${unread.join(", ")}`);
  if (viewerPort !== null && ofBackends.length > 0) {
    const names = ofBackends.join(", ");
    notices.push(`no effect: the trace viewer is used without ${names}, as OTEL_EXPORTER_OTLP_ENDPOINT is not set`);
  }
  return notices;
}

/**
 * @param hasEdge whether the package has an edge model
 * @returns the commands for a first request at each side, and where traces and logs are; no line is longer than 60 columns
 */
export function greeting(
  { gatewayPort, controlPort, viewerPort, otlp, stateFolder, access }: LocalSettings,
  hasEdge: boolean = true,
): string {
  const needsKey = access.ANONYMOUS_ACCESS !== "allowed";
  const key = `
  Callers need an API key:
    KEY=$(npx spillway keys create --name me --local)
`;
  const curl = (indent: string, data: string) =>
    [
      `curl -i http://127.0.0.1:${gatewayPort}/v1/classify`,
      `  -H 'content-type: application/json'`,
      ...(needsKey ? ['  -H "authorization: Bearer $KEY"'] : []),
      `  -d ${data}`,
    ].join(` \\\n${indent}`);
  const [first, second] = SENTENCE;
  return `${needsKey ? key : ""}
  A short text, answered ${hasEdge ? "at the edge" : "by the origin (no edge model)"}:
    ${curl("    ", `'{"inputs": "${SHORT_TEXT}"}'`)}

  A long text, answered by the origin:
    node -p 'JSON.stringify({inputs: (
      "${first}" +
      "${second}").repeat(${REPETITIONS})})' |
      ${curl("      ", "@-")}

  Console: http://127.0.0.1:${controlPort}/
    ${signInTo(access)}
  Traces: ${viewerPort === null ? backendOf(otlp) : `http://127.0.0.1:${viewerPort}/`}
  Counts: npx spillway report
  Logs:   ${stateFolder}/logs/
`;
}

/** As the user has set it; with `OTEL_SDK_DISABLED` or without the exporter of traces, an endpoint gets none. */
function backendOf(otlp: LocalSettings["otlp"]): string {
  const { traces } = otlpSettings(otlp).targets;
  return traces === undefined ? "not exported" : (otlp["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? traces.url);
}

/** As the control plane decides it. */
function signInTo({ OPERATOR_TOKEN, ANONYMOUS_ACCESS }: LocalSettings["access"]): string {
  if (OPERATOR_TOKEN !== undefined) return "sign in with the value of OPERATOR_TOKEN";
  return ANONYMOUS_ACCESS === "allowed"
    ? "open on this machine; OPERATOR_TOKEN=… requires sign-in"
    : "closed; set OPERATOR_TOKEN=… to sign in";
}

type Outage = Pick<Service, "whileDown" | "onceBack">;

/**
 * What callers notice while the origin is down.
 * @param edgeState asks the gateway; null if it does not answer
 */
export function whileOriginIsDown(edgeState: () => Promise<string | null>): Outage {
  const { consecutive, openMs } = defaultPolicy().breaker.origin;
  return {
    async whileDown() {
      const state = await edgeState();
      if (state === null) return ["The gateway does not answer yet."];
      if (state !== "ready") return [`The edge is ${state}: texts get 503 until the origin is back.`];
      return [
        "The edge answers the texts that fit it; longer ones get 503 until the origin is back.",
        `x-spillway-because is origin-failed, and origin-unavailable once ${consecutive} failures in a row have opened the breaker.`,
      ];
    },
    onceBack: `The gateway uses it at once, or within ${openMs / 1000} s if its breaker has opened.`,
  };
}

/** What is lost while the trace viewer is down. */
export function whileViewerIsDown(): Outage {
  return {
    whileDown: async () => [
      "Requests are answered as before. Their traces, logs and metrics are lost until it is back.",
    ],
    onceBack: "It shows what happens from now on.",
  };
}

/** What is lost while the control plane is down. */
export function whileControlPlaneIsDown(): Outage {
  return {
    whileDown: async () => [
      "Requests are answered as before. The ledger does not count them, and shows them as missing once it is back.",
    ],
    onceBack: "It has what it counted before, and counts what happens from now on.",
  };
}
