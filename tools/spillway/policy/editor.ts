/** The user's editor. */
import { spawn } from "node:child_process";
import { once } from "node:events";

/** Resolves when the editor is closed. @throws Error with one sentence when there is none, or it failed */
export async function openEditor(file: string, env: NodeJS.ProcessEnv): Promise<void> {
  const editor = env["VISUAL"] || env["EDITOR"];
  if (!editor) throw new Error("No editor is chosen; set EDITOR, for example EDITOR=nano.");
  // Through a shell, as git does it: the variable may hold words of the command, such as "code --wait".
  const child = spawn("sh", ["-c", `${editor} "$1"`, "sh", file], { stdio: "inherit" });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`The editor "${editor}" ended with code ${code}; nothing was stored.`);
}
