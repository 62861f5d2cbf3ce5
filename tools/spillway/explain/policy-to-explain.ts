/** The policy that is explained: the stored one, a file's, or the defaults. Nothing is written: an explanation leaves no trace. */
import { readFile } from "node:fs/promises";
import { defaultPolicy, parsePolicy } from "../../../policies/parse.ts";
import type { Policy } from "../../../policies/schema.ts";
import { withKv } from "../kv/where.ts";
import { type Entry, isDeletion } from "../policy/history.ts";
import { historyRows } from "../policy/history-rows.ts";
import { type PolicyState, readPolicyState } from "../policy/repository.ts";
import type { ExplainOptions } from "./options.ts";

export interface PolicyToExplain {
  policy: Policy;
  /** "version 7, stored on this machine" */
  from: string;
  /** What the reader should know besides. */
  notes: readonly string[];
}

type Which = Pick<ExplainOptions, "policy" | "local" | "remote" | "env" | "share">;

/** @throws Error with one sentence when there is no such policy */
export async function policyToExplain(which: Which): Promise<PolicyToExplain> {
  const found = await find(which);
  const { share } = which;
  if (share === undefined) return found;
  const policy = { ...found.policy, edge: { ...found.policy.edge, share } };
  return { ...found, policy, from: `${found.from}, with a share of ${share} %` };
}

async function find({ policy: file, local, remote, env }: Which): Promise<PolicyToExplain> {
  if (local || remote) {
    const where = { ...(local && { local }), ...(remote && { remote }), ...(env !== undefined && { env }) };
    return inForce(
      await withKv("POLICIES", where, (kv) => readPolicyState(kv, new Date())),
      remote ? "in the account's KV" : "on this machine",
    );
  }
  if (env !== undefined) throw new Error("--env is about a stored policy; say --local or --remote with it.");
  if (file === undefined) {
    return { policy: defaultPolicy(), from: "the defaults (--local or --remote: the stored one)", notes: [] };
  }
  const parsed = parsePolicy(await readFile(file, "utf8"));
  if (parsed.ok) return { policy: parsed.policy, from: `version ${parsed.policy.version}, of ${file}`, notes: [] };
  throw new Error(`${file} is not a policy: ${parsed.problem}`);
}

/**
 * What isolates go by that have seen all that is known: where the stored document is not taken, the last good one.
 * @throws Error with one sentence when that one was not kept
 */
export function inForce({ stored, history, unsettled }: PolicyState, place: string): PolicyToExplain {
  const rows = historyRows(history);
  const row = rows.find(({ mark }) => mark === "in-force");
  const [newest] = rows;
  const notes = [
    ...(unsettled === null
      ? []
      : [`version ${unsettled.entry.name} was stored a moment ago; KV may show it only in ${unsettled.waitSeconds} s`]),
    ...(newest === undefined || newest === row
      ? []
      : [`the stored version ${newest.entry.name} is not taken: ${newest.problem}; this is by the last good one`]),
  ];
  const isStored = row === newest && unsettled === null;
  const text = row === undefined ? null : isStored ? stored : textOf(row.entry);
  const parsed = parsePolicy(text ?? "{}");
  if (!parsed.ok) throw new Error(`The stored policy does not parse: ${parsed.problem}`);
  const { policy } = parsed;
  const from =
    text === null ? `the defaults, since none is stored ${place}` : `version ${policy.version}, stored ${place}`;
  return { policy, from, notes };
}

function textOf(entry: Entry): string | null {
  if (entry.text !== null || isDeletion(entry)) return entry.text;
  throw new Error(`Version ${entry.name} was too large to be kept; give it to explain with --policy <file>.`);
}
