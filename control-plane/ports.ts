/** The two kinds of objects as they call each other, the messages between them, and the bindings of this Worker. */
import type { IsolateRow, KeyUses, LedgerAnswer } from "../formats/ledger/answer.ts";
import type { DeltaReceipt } from "../formats/ledger/delta.ts";
import type { History } from "../policies/versions/history.ts";
import type { PolicyEdit, PolicyRollback, PresentPolicy, SaveResult } from "./policy/present-policy.ts";
import type { ChangeAnswer, OneRollout, RolloutChange, RolloutsAnswer, StartRequest } from "./rollout-port.ts";

/** Cloudflare's rate-limiting binding. */
export interface Limiter {
  limit(options: { key: string }): Promise<{ success: boolean }>;
}

/** What a shard sends to the root. A batch keeps its number and its counts however often it is sent. */
export interface Batch {
  /** The shard's location hint. */
  shard: string;
  /** The id of the shard's object, in hex. */
  shardId: string;
  /** A random id of the shard's storage: numbers start again at 1 in new storage. */
  storage: string;
  /** One more than that of the batch before. */
  number: number;
  /** Encoded `Minutes`. */
  minutes: Uint8Array;
  /** The isolates that the shard has heard of since it is in memory. */
  isolates: IsolateRow[];
  /** By the id of a key: the start of the hour of its last use. Shards of a version before last uses do not send it. */
  keyUses?: ReadonlyMap<string, number>;
}

/** What a shard has and the root may not have: batches that are not confirmed, then what is in no batch yet under the next number. */
export interface ShardPeek {
  batches: Pick<Batch, "shard" | "shardId" | "storage" | "number" | "minutes">[];
  isolates: IsolateRow[];
}

export interface TimeRange {
  fromMs: number;
  toMs: number;
}

/** Of one location hint. The gateway calls `record`. */
export interface ShardPort extends Rpc.DurableObjectBranded {
  record(delta: unknown): Promise<DeltaReceipt>;
  /** Sends everything to the root. @returns whether the root has it now */
  push(): Promise<boolean>;
  /** Changes nothing, and is in no count. */
  peek(): Promise<ShardPeek>;
}

/** The one object that has all counts. It serializes the writes of the policy. */
export interface RootPort extends Rpc.DurableObjectBranded {
  policy(): Promise<PresentPolicy>;
  policyHistory(): Promise<History>;
  savePolicy(edit: PolicyEdit): Promise<SaveResult>;
  rollBackPolicy(rollback: PolicyRollback): Promise<SaveResult>;
  rollouts(): Promise<RolloutsAnswer>;
  /** Null if there is none with this number. @param before only looks with a lower number; null for the latest */
  rollout(id: number, before?: number | null): Promise<OneRollout | null>;
  startRollout(request: StartRequest): Promise<ChangeAnswer>;
  /** @param id that the rollout must have; null for any */
  changeRollout(change: RolloutChange, by: string, id?: number | null): Promise<ChangeAnswer>;
  /** Resolves when the batch is stored, also for one that was stored before. */
  receive(batch: Batch): Promise<void>;
  query(range: TimeRange): Promise<LedgerAnswer>;
  /** As `query` for each range. It changes nothing and is in no count: the console asks for it all day. */
  view(ranges: TimeRange[]): Promise<LedgerAnswer[]>;
  /** As the shards' batches have it: at most two minutes old, unless the root was down. It changes nothing and is in no count. */
  keyUses(): Promise<KeyUses>;
}

export interface Env {
  LEDGER_SHARDS: DurableObjectNamespace<ShardPort>;
  LEDGER: DurableObjectNamespace<RootPort>;
  /** The policy and its history, as the gateway has it. */
  POLICIES: KVNamespace;
  /** The operator's token, as the gateway has it. */
  OPERATOR_TOKEN?: string;
  /** Opens everything to look at, and nothing to change. */
  READ_ONLY_TOKEN?: string;
  /** "allowed" with no token: programs and pages of this machine are accepted, as on a developer's machine. */
  ANONYMOUS_ACCESS?: string;
  /** Counts wrong tokens per address. */
  FAILED_AUTH: Limiter;
  /** API keys, whose records the console lists. */
  KEYS: KVNamespace;
  /** Published models. */
  MODELS: R2Bucket;
  /** Pages of trace backends, separated by commas, which the console links to. */
  TRACE_PAGES?: string;
}

/** The name of the root. */
export const ROOT_NAME = "ledger";

/** Cloudflare's location hints. https://developers.cloudflare.com/durable-objects/reference/data-location/ */
export const LOCATION_HINTS = ["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"] as const;

/** The name of a shard's object. */
export function shardNameOf(hint: string): string {
  return `shard:${hint}`;
}
