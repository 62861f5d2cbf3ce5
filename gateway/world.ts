/** Everything that the request path needs from outside: one world per isolate, built by compose.ts. */
import type { Policy } from "../policies/schema.ts";
import type { PolicyRead } from "../policies/store.ts";
import type { Slots } from "./admit/slots.ts";
import type { Access } from "./authenticate/access.ts";
import type { Clock } from "./call.ts";
import type { RetryBudget } from "./dispatch/retry-budget.ts";
import type { Shadows } from "./dispatch/shadows.ts";
import type { Report } from "./record/events.ts";
import type { LedgerCounts } from "./record/ledger.ts";
import type { WebOrigins } from "./respond/web-headers.ts";
import type { Sides } from "./sides.ts";
import type { ExportCounts } from "./telemetry/exporter.ts";

export interface Policies {
  /** The policy as it is known now, without asking KV. */
  known(): Policy;
  read(keepAlive: (work: Promise<unknown>) => void): Promise<PolicyRead>;
}

/** The deployment: its settings, as read once per isolate, and what its telemetry backend and its ledger received. */
export interface Deployment {
  /** The web pages that may read answers. */
  allowedWebOrigins: WebOrigins;
  /** Settings that cannot be obeyed, one sentence each. While there is one, no request is served. */
  problems: readonly string[];
  /** No text is classified under an older policy. 0: under any, the built-in defaults too. */
  minPolicyVersion: number;
  /** The host name that traces may have; null for none. */
  publicHost: string | null;
  /** What became of the telemetry since the isolate started. */
  exportCounts(): ExportCounts;
  /** What the ledger received since the isolate started. */
  ledgerCounts(): LedgerCounts;
}

/** What an isolate gives out in bounded amounts. */
export interface Capacity {
  /** Concurrent requests and the bytes of their bodies. */
  slots: Slots;
  /** Fallbacks and hedges. */
  retryBudget: RetryBudget;
  /** Shadow attempts under way, and what they compared. */
  shadows: Shadows;
}

export interface World {
  clock: Clock;
  deployment: Deployment;
  access: Access;
  policies: Policies;
  sides: Sides;
  capacity: Capacity;
  /** Accepts facts about the isolate; returns at once. */
  report: Report;
}
