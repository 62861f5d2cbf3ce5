/** `spillway policy edit`: the policy in an editor; checked, shown as changes, and stored as a new version. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { parsePolicy } from "../../../policies/parse.ts";
import { withKv } from "../kv/where.ts";
import { paintFor } from "../terminal/colors.ts";
import { changeLines, differences } from "./changes.ts";
import { withoutBookkeeping } from "./document.ts";
import { documentMeant, textToEdit } from "./edited-text.ts";
import { isObject, type JsonObject, parseJson } from "../../../formats/json.ts";
import { withPolicyState } from "./open-policy.ts";
import type { PolicyState } from "./repository.ts";
import { addWriteOptions, storeAndPrint, type WriteOptions } from "./write.ts";

interface Options extends WriteOptions {
  yes?: true;
}

export function registerEdit(policy: Command): void {
  const edit = policy
    .command("edit")
    .description("Open the policy in $VISUAL or $EDITOR, and store what was saved as a new version.")
    .option("-y, --yes", "store without asking");
  addWriteOptions(edit).action(editPolicy);
}

async function editPolicy(options: Options): Promise<void> {
  // The KV is let go while the editor is open; what was seen is compared again before anything is stored.
  const seen = await withPolicyState(options, async (seen) => seen);
  const folder = await mkdtemp(join(tmpdir(), "spillway-policy-"));
  const file = join(folder, "policy.json");
  await writeFile(file, textToEdit(seen.stored), { mode: 0o600 });
  try {
    await editAndStore(file, seen, options);
  } catch (error) {
    if (await isChanged(file, seen.stored)) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${reason} What you wrote is kept in ${file}.`);
    }
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  await rm(folder, { recursive: true, force: true });
}

async function editAndStore(file: string, seen: PolicyState, options: Options): Promise<void> {
  const edited = await editUntilGood(file);
  const document = await agreedTo(edited, seen, options);
  if (document !== null) await withKv("POLICIES", options, (kv) => storeAndPrint(kv, seen, document, options));
}

async function isChanged(file: string, stored: string | null): Promise<boolean> {
  return (await readFile(file, "utf8")) !== textToEdit(stored);
}

/** Opens the editor until what it saved is a policy. @throws Error with each problem when it is not and nobody can be asked */
async function editUntilGood(file: string): Promise<JsonObject> {
  for (;;) {
    await openEditor(file, process.env);
    const text = await readFile(file, "utf8");
    const parsed = parsePolicy(text);
    const document = parseJson(text);
    if (parsed.ok && isObject(document)) return document;
    const problems = parsed.ok ? [] : parsed.problems;
    const paint = paintFor(process.stderr, process.env);
    for (const problem of problems) console.error(paint("red", `  ✗ ${problem}`));
    if (!canAsk() || !(await ask("Edit again?", true))) throw new Error("That is not a policy; nothing was stored.");
  }
}

/** The document to store; null when there is nothing to do, or it is not wanted. */
async function agreedTo(edited: JsonObject, { stored }: PolicyState, { yes }: Options): Promise<JsonObject | null> {
  const before = stored === null ? {} : parseJson(stored);
  const base = isObject(before) ? before : {};
  const document = documentMeant(edited, base);
  const changes = differences(withoutBookkeeping(base), withoutBookkeeping(document));
  if (changes.length === 0 && isObject(before)) {
    console.log("Nothing was changed, and nothing was stored.");
    return null;
  }
  for (const line of changeLines(changes, paintFor(process.stderr, process.env))) console.error(`  ${line}`);
  if (yes) return document;
  if (!canAsk()) throw new Error("Nobody can be asked here; say --yes to store it.");
  if (await ask("Store it as a new version?", false)) return document;
  throw new Error("Nothing was stored.");
}

/** A yes-or-no question on the terminal. */

export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** `fallback` is what an empty answer means. */
export async function ask(question: string, fallback: boolean): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = (await terminal.question(`${question} ${fallback ? "[Y/n]" : "[y/N]"} `)).trim().toLowerCase();
    return answer === "" ? fallback : answer.startsWith("y");
  } finally {
    terminal.close();
  }
}

/** The user's editor. */

/** Resolves when the editor is closed. @throws Error with one sentence when there is none, or it failed */
export async function openEditor(file: string, env: NodeJS.ProcessEnv): Promise<void> {
  const editor = env["VISUAL"] || env["EDITOR"];
  if (!editor) throw new Error("No editor is chosen; set EDITOR, for example EDITOR=nano.");
  // Through a shell, as git does it: the variable may hold words of the command, such as "code --wait".
  const child = spawn("sh", ["-c", `${editor} "$1"`, "sh", file], { stdio: "inherit" });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`The editor "${editor}" ended with code ${code}; nothing was stored.`);
}
