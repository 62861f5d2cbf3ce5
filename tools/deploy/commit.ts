/** What is deployed, as git knows it: a version is found again by its commit. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Finding, ok, warning } from "./finding.ts";

/** wrangler and the dashboard show no more of either. */
const TAG_HEX_DIGITS = 12;
const MESSAGE_MAX_LENGTH = 100;

export interface Commit {
  /** The first digits of its hash, with `-changed` where the checkout is not what was committed. */
  tag: string;
  /** Its first line. */
  message: string;
  changedFiles: number;
}

/** Null where there is no git, or no commit. */
export async function commitHere(folder: string): Promise<Commit | null> {
  try {
    const [log, status] = await Promise.all([
      git(folder, "log", "-1", "--format=%H %s"),
      git(folder, "status", "--porcelain"),
    ]);
    const [hash = "", ...subject] = log.trim().split(" ");
    const changedFiles = status.split("\n").filter((line) => line !== "").length;
    return {
      tag: `${hash.slice(0, TAG_HEX_DIGITS)}${changedFiles > 0 ? "-changed" : ""}`,
      message: subject.join(" ").slice(0, MESSAGE_MAX_LENGTH),
      changedFiles,
    };
  } catch {
    return null;
  }
}

export function checkCommit(commit: Commit | null): Finding {
  if (commit === null)
    return warning("git", "no commit is here, so the version will have no tag", "deploy from a git checkout");
  const { tag, message, changedFiles } = commit;
  if (changedFiles === 0) return ok("git", `${tag} ${message}`);
  const files = changedFiles === 1 ? "1 file differs" : `${changedFiles} files differ`;
  return warning("git", `${files} from what is committed: nobody could build this version again`, "commit first");
}

async function git(folder: string, ...words: string[]): Promise<string> {
  return (await promisify(execFile)("git", ["-C", folder, ...words], { maxBuffer: 2 ** 26 })).stdout;
}
