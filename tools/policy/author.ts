/** Who stores a version, as the history will have it. */
import { execFile } from "node:child_process";
import { userInfo } from "node:os";
import { promisify } from "node:util";

/** "Name <mail>" of git's configuration, or the user of this machine. */
export async function authorHere(env: NodeJS.ProcessEnv): Promise<string> {
  const [name, email] = await Promise.all([gitConfig("user.name"), gitConfig("user.email")]);
  if (name !== "" && email !== "") return `${name} <${email}>`;
  return name || email || env["USER"] || userInfo().username;
}

/** Empty where git has no such setting, or there is no git. */
async function gitConfig(key: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)("git", ["config", "--get", key]);
    return stdout.trim();
  } catch {
    return "";
  }
}
