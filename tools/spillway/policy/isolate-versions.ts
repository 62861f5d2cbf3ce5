/** Which versions of the policy isolates have, as they reported to the ledger: for `spillway policy history`. */
import type { IsolateRow } from "../../../formats/ledger/answer.ts";
import type { HistoryRow } from "../../../policies/versions/history-rows.ts";
import { getLedger } from "../control-plane/get-ledger.ts";
import { type ControlPlaneOptions, controlPlaneUrl } from "../control-plane/url.ts";
import { oneSentence } from "../terminal/one-sentence.ts";

/** The history does not depend on the answer. */
const MAX_WAIT_MS = 2000;
/** Isolates are listed whatever the range is; a short one has few counts. */
const RANGE_MS = 60_000;

export type IsolateVersions =
  | { ok: true; isolates: readonly Pick<IsolateRow, "policy">[] }
  /** One sentence. */
  | { ok: false; problem: string };

/**
 * Asks the control plane of `npm start`, or the deployed one; never rejects.
 * @param options as the command's; `url` for a control plane whose address is not in its configuration
 */
export async function isolateVersions(
  options: ControlPlaneOptions,
  env: NodeJS.ProcessEnv,
  maxWaitMs = MAX_WAIT_MS,
): Promise<IsolateVersions> {
  try {
    const url = await controlPlaneUrl(options, env);
    const toMs = Date.now();
    const token = env["OPERATOR_TOKEN"] || null;
    const { isolates } = await getLedger({ url, fromMs: toMs - RANGE_MS, toMs, token, maxWaitMs });
    return { ok: true, isolates };
  } catch (error) {
    return { ok: false, problem: oneSentence(error) };
  }
}

export interface VersionCounts {
  /** The isolates that have the version of a row. */
  of(row: HistoryRow): number;
  /** Versions that no row has, and their isolates. 0 is the defaults. */
  others: readonly { version: number; isolates: number }[];
}

/**
 * Counts isolates by the rows of the history. Isolates report the number of a version only: of several entries with one number, the newest
 * that is not rejected gets the isolates. A new isolate may have a rejected one: it has not seen the higher version.
 * @param rows the newest first
 */
export function versionCounts(
  rows: readonly HistoryRow[],
  isolates: readonly Pick<IsolateRow, "policy">[],
): VersionCounts {
  const byVersion = new Map<number, number>();
  for (const { policy } of isolates) byVersion.set(policy, (byVersion.get(policy) ?? 0) + 1);
  const byRow = new Map<HistoryRow, number>();
  for (const row of [...rows.filter(({ problem }) => problem === null), ...rows]) {
    const { version } = row.entry;
    const count = version === null ? undefined : byVersion.get(version);
    if (version === null || count === undefined) continue;
    byRow.set(row, count);
    byVersion.delete(version);
  }
  const others = [...byVersion].map(([version, count]) => ({ version, isolates: count }));
  return { of: (row) => byRow.get(row) ?? 0, others: others.sort((a, b) => b.version - a.version) };
}
