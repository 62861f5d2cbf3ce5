/** Whose change it is, for the history: the option, the user of git, or the user of this machine. */
import { execFile } from "node:child_process";
import { userInfo } from "node:os";
import { promisify } from "node:util";

const MAX_AUTHOR_LENGTH = 300;

/**
 * @param given the value of --author
 * @throws Error with one sentence when it is empty
 */
export async function authorName(given: string | undefined): Promise<string> {
  const name = (given ?? (await currentUser(process.env))).trim();
  if (name === "") throw new Error("--author is empty; pass the name of the author.");
  return name.slice(0, MAX_AUTHOR_LENGTH);
}

/** "Name <mail>" from git's configuration, or the user of this machine. */
async function currentUser(env: NodeJS.ProcessEnv): Promise<string> {
  const [name, email] = await Promise.all([gitConfig("user.name"), gitConfig("user.email")]);
  if (name !== "" && email !== "") return `${name} <${email}>`;
  return name || email || env["USER"] || userInfo().username;
}

/** Empty when git has no such setting or is not installed. */
async function gitConfig(key: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)("git", ["config", "--get", key]);
    return stdout.trim();
  } catch {
    return "";
  }
}
