/**
 * Changes that a person asks for: the packages that they name are checked before anything is stored, as the `spillway` command does. The
 * writes of a rollout that runs are not: a rollback must not wait for the bucket.
 */
import { isObject, type JsonObject, parseJson } from "../../formats/json.ts";
import { checkNamedModel, type Packages } from "../../policies/named-model.ts";
import { type Env, ROOT_NAME } from "../ports.ts";
import type { ChangeAnswer, StartRequest } from "../rollout-port.ts";
import { withinMs } from "../within.ts";
import type { PolicyEdit, PolicyRollback, SaveResult } from "./present-policy.ts";

/** Of one read of the bucket. */
const MAX_READ_MS = 10_000;
/** Of a candidate: any other than 0 loads it. */
const SOME_SHARE = 1;

/** Saves a document as a new version. */
export async function savePolicy(env: Env, edit: PolicyEdit): Promise<SaveResult> {
  const problem = await problemOf(env, edit.document);
  return problem === null ? rootOf(env).savePolicy(edit) : { is: "refused", problem };
}

/** Saves an earlier version's document as a new version. */
export async function rollBackPolicy(env: Env, rollback: PolicyRollback): Promise<SaveResult> {
  const { entries } = await rootOf(env).policyHistory();
  const to = documentIn(entries.find(({ name }) => name === rollback.to)?.text ?? null);
  const problem = to === null ? null : await problemOf(env, to);
  return problem === null ? rootOf(env).rollBackPolicy(rollback) : { is: "refused", problem };
}

/** Begins a rollout. */
export async function startRollout(env: Env, request: StartRequest): Promise<ChangeAnswer> {
  if (request.kind === "model") {
    const { inForce } = await rootOf(env).policy();
    const candidate = { model: request.target, share: SOME_SHARE };
    const problem = await problemOf(env, { ...documentIn(inForce.text), candidate });
    if (problem !== null) return { is: "invalid", problem };
  }
  return rootOf(env).startRollout(request);
}

/** One sentence if a package that the document names anew cannot serve; null otherwise. */
async function problemOf(env: Env, after: JsonObject): Promise<string | null> {
  const { inForce } = await rootOf(env).policy();
  // The gateway's MODEL is not known to this Worker.
  const change = { before: documentIn(inForce.text), after, deployed: null, acceptLabels: false };
  try {
    await checkNamedModel(change, packagesOf(env));
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function packagesOf({ MODELS }: Env): Packages {
  return {
    get: async (key) => {
      const read = MODELS.get(key).then((object) => object?.arrayBuffer() ?? null);
      const bytes = await withinMs(MAX_READ_MS, read);
      return bytes === null ? null : new Uint8Array(bytes);
    },
  };
}

function documentIn(text: string | null): JsonObject | null {
  const value = text === null ? null : parseJson(text);
  return value !== undefined && isObject(value) ? value : null;
}

function rootOf({ LEDGER }: Env) {
  return LEDGER.get(LEDGER.idFromName(ROOT_NAME));
}
