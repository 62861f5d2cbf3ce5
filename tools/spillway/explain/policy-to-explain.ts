/** The policy that is explained: the stored one unless a file or the defaults are selected. Nothing is written. */
import { defaultPolicy, parsePolicy } from "../../../policies/parse.ts";
import type { Policy } from "../../../policies/schema.ts";
import { rejectedSentence } from "../../../policies/versions/in-force.ts";
import { type PolicyState, readPolicyState } from "../../../policies/versions/repository.ts";
import { readUserText } from "../../process/read-text.ts";
import { withKv } from "../kv/where.ts";
import type { ExplainOptions } from "./options.ts";

export interface PolicyToExplain {
  policy: Policy;
  /** For example "version 7, stored on this machine". */
  from: string;
  /** Further facts for the user. */
  notes: readonly string[];
}

type Which = Pick<ExplainOptions, "policy" | "defaults" | "local" | "remote" | "env" | "share">;

/** @throws Error with one sentence when there is no such policy */
export async function policyToExplain(which: Which): Promise<PolicyToExplain> {
  const found = await find(which);
  const { share } = which;
  if (share === undefined) return found;
  const policy = { ...found.policy, edge: { ...found.policy.edge, share } };
  return { ...found, policy, from: `${found.from}, with a share of ${share} %` };
}

async function find({ policy: file, defaults, local, remote, env }: Which): Promise<PolicyToExplain> {
  if (file === undefined && !defaults) {
    const where = { ...(local && { local }), ...(remote && { remote }), ...(env !== undefined && { env }) };
    return explained(
      await withKv("POLICIES", where, (kv) => readPolicyState(kv, new Date())),
      remote ? "in the account's KV" : "on this machine",
    );
  }
  if (env !== undefined)
    throw new Error("--env selects an environment of the Cloudflare account; pass --remote with it.");
  if (file === undefined) return { policy: defaultPolicy(), from: "the defaults", notes: [] };
  const parsed = parsePolicy(await readUserText(file));
  if (parsed.ok) return { policy: parsed.policy, from: `version ${parsed.policy.version} of ${file}`, notes: [] };
  throw new Error(`${file} is not a policy: ${parsed.problem}`);
}

/**
 * The policy of an isolate that has seen every version: the last valid one when the stored document is rejected.
 * @param place where the policy is stored, for `from`
 */
export function explained(
  { inForce, unsettled }: Pick<PolicyState, "inForce" | "unsettled">,
  place: string,
): PolicyToExplain {
  const parsed = parsePolicy(inForce.text ?? "{}");
  if (!parsed.ok) throw new Error(`The policy in force does not parse: ${parsed.problem}`);
  const { policy } = parsed;
  const rejected = rejectedSentence(inForce, "this explains");
  const notes = [
    ...(unsettled === null
      ? []
      : [
          `version ${unsettled.entry.name} was just saved; KV may return the previous one for ${unsettled.waitSeconds} s`,
        ]),
    ...(rejected === null ? [] : [rejected]),
  ];
  const from =
    inForce.text === null ? `the defaults: no policy is stored ${place}` : `version ${policy.version}, stored ${place}`;
  return { policy, from, notes };
}
