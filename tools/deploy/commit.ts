/** The commit that is deployed. Its hash is the tag of the uploaded version. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Finding, ok, warning } from "./finding.ts";

/** wrangler and the dashboard truncate longer values. */
const TAG_HEX_DIGITS = 12;
const MAX_MESSAGE_CHARACTERS = 100;

export interface Commit {
  /** The first digits of its hash; `-changed` is added if the checkout differs from the commit. */
  tag: string;
  /** The first line of its message, truncated. */
  message: string;
  changedFiles: number;
}

/** @returns null if the folder is not a git checkout, or has no commit */
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
      message: subject.join(" ").slice(0, MAX_MESSAGE_CHARACTERS),
      changedFiles,
    };
  } catch {
    return null;
  }
}

/** Warns if the version could not be built again from a commit. */
export function checkCommit(commit: Commit | null): Finding {
  if (commit === null)
    return warning("git", "no commit found: the version will have no tag", "Deploy from a git checkout.");
  const { tag, message, changedFiles } = commit;
  if (changedFiles === 0) return ok("git", `${tag} ${message}`);
  const files = changedFiles === 1 ? "1 file differs" : `${changedFiles} files differ`;
  return warning("git", `${files} from the commit: this version cannot be built again`, "Commit before you deploy.");
}

async function git(folder: string, ...args: string[]): Promise<string> {
  return (await promisify(execFile)("git", ["-C", folder, ...args], { maxBuffer: 2 ** 26 })).stdout;
}
