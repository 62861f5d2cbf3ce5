/** One message of an isolate to its shard: what it counted since its last message, and its state. */
import { isId } from "../api-key.ts";
import { isField } from "./series.ts";
import { LedgerFormatError } from "./varints.ts";

/** A message of an isolate is far smaller: it has a bounded number of series. */
export const MAX_DELTA_BYTES = 256 * 1024;

/** The state of an isolate, for the operator. */
export interface IsolateStatus {
  /** Cloudflare's location, as `FRA`; empty if it is unknown. */
  colo: string;
  /** The version of the policy in force. */
  policy: number;
  /** What the edge runs, or is to run. */
  model: string;
  /** What the isolate does with the policy's candidate, as `CandidateStatus` of the gateway; null if the policy has none. */
  candidate: { model: string; state: string; reason: string | null } | null;
  edgeState: string;
  /** State by name: `edge`, or `origin:<name>`. */
  breakers: Readonly<Record<string, string>>;
  /** Texts that run or wait at the edge. */
  queuedTexts: number;
}

export interface LedgerDelta {
  /** A random id of the isolate. */
  isolate: string;
  /** 1 for the first message of the isolate; each next one is one more, whether it arrived or not. */
  seq: number;
  /** The records (texts and requests) that the isolate counted before those in this message. What a shard received less is missing. */
  recordsBefore: number;
  status: IsolateStatus;
  /** Encoded cells. */
  cells: Uint8Array;
  /** The ids of the API keys with which requests were accepted since the last message, each once. */
  keysUsed: readonly string[];
}

/** What a shard answers. */
export interface DeltaReceipt {
  /** The next message may be sent after this many ms. */
  nextAfterMs: number;
}

const MAX_BREAKERS = 20;
/** Of one message: about 13 kB. Keys over it are in a later message if they are still used. */
export const MAX_KEYS_USED = 1000;

/** @throws LedgerFormatError for a value that is no message of this version */
export function parseDelta(value: unknown): LedgerDelta {
  const { isolate, seq, recordsBefore, status, cells, keysUsed } = recordOf(value, "it");
  if (!isField(isolate) || isolate === "") throw new LedgerFormatError("`isolate` is not a name");
  if (!(cells instanceof Uint8Array)) throw new LedgerFormatError("`cells` are not bytes");
  if (cells.byteLength > MAX_DELTA_BYTES) {
    throw new LedgerFormatError(`\`cells\` have ${cells.byteLength} bytes; at most ${MAX_DELTA_BYTES} are accepted`);
  }
  return {
    isolate,
    seq: wholeNumber(seq, "seq"),
    recordsBefore: wholeNumber(recordsBefore, "recordsBefore"),
    status: parseStatus(status),
    cells,
    keysUsed: parseKeysUsed(keysUsed),
  };
}

/** Gateways of before last uses do not send it. */
function parseKeysUsed(value: unknown): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > MAX_KEYS_USED) {
    throw new LedgerFormatError(`\`keysUsed\` is not a list of at most ${MAX_KEYS_USED} ids`);
  }
  return value.map((id: unknown) => {
    if (typeof id === "string" && isId(id)) return id;
    // Its value is not repeated: it may be a part of a key.
    throw new LedgerFormatError("`keysUsed` has a value that is not the id of a key");
  });
}

function parseStatus(value: unknown): IsolateStatus {
  const { colo, policy, model, candidate, edgeState, breakers, queuedTexts } = recordOf(value, "`status`");
  if (!isField(colo) || !isField(model) || !isField(edgeState))
    throw new LedgerFormatError("`status` has no plain names");
  const states = Object.entries(recordOf(breakers, "`status.breakers`")).slice(0, MAX_BREAKERS);
  const named: Record<string, string> = {};
  for (const [name, state] of states) {
    if (!isField(name) || !isField(state)) throw new LedgerFormatError("`status.breakers` has no plain names");
    named[name] = state;
  }
  return {
    colo,
    policy: wholeNumber(policy, "status.policy"),
    model,
    candidate: parseCandidate(candidate),
    edgeState,
    breakers: named,
    queuedTexts: wholeNumber(queuedTexts, "status.queuedTexts"),
  };
}

/** Gateways of before candidates do not send it. */
function parseCandidate(value: unknown): IsolateStatus["candidate"] {
  if (value === undefined || value === null) return null;
  const { model, state, reason } = recordOf(value, "`status.candidate`");
  if (isField(model) && isField(state) && (reason === null || isField(reason))) return { model, state, reason };
  throw new LedgerFormatError("`status.candidate` has no plain names");
}

function recordOf(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null) throw new LedgerFormatError(`${name} is not an object`);
  return { ...value };
}

function wholeNumber(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new LedgerFormatError(`\`${name}\` is not a whole number of at least 0`);
}
