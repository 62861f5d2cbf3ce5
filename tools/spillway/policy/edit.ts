/** `spillway policy edit`: opens the policy in an editor, validates it, shows the changes, and saves it as a new version. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { isObject, type JsonObject, parseJson } from "../../../formats/json.ts";
import { parsePolicy } from "../../../policies/parse.ts";
import { withKv } from "../kv/where.ts";
import { paintFor } from "../terminal/colors.ts";
import { changeLines, differences } from "./changes.ts";
import { withoutMetadata } from "./document.ts";
import { documentToSave, textToEdit } from "./edited-text.ts";
import type { PolicyState } from "./repository.ts";
import { addSaveOptions, type SaveOptions, saveVersion } from "./save-version.ts";
import { withPolicyState } from "./with-policy-state.ts";

interface Options extends SaveOptions {
  yes?: true;
}

/** Adds `spillway policy edit`. */
export function registerEdit(policy: Command): void {
  const edit = policy
    .command("edit")
    .description("Open the policy in $VISUAL or $EDITOR, and save it as a new version.")
    .option("-y, --yes", "save without confirmation");
  addSaveOptions(edit).action(editPolicy);
}

async function editPolicy(options: Options): Promise<void> {
  // KV is closed while the editor is open. Before the save, the stored policy is compared with `seen` again.
  const seen = await withPolicyState(options, async (seen) => seen);
  const folder = await mkdtemp(join(tmpdir(), "spillway-policy-"));
  const file = join(folder, "policy.json");
  await writeFile(file, textToEdit(seen.stored), { mode: 0o600 });
  try {
    if ((await editAndSave(file, seen, options)) === "maybe-open") return;
  } catch (error) {
    if (await isChanged(file, seen.stored)) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${reason} Your edit is kept in ${file}.`);
    }
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  await rm(folder, { recursive: true, force: true });
}

/** @returns `maybe-open` when the editor may still show the file, which must be kept then */
async function editAndSave(file: string, seen: PolicyState, options: Options): Promise<"done" | "maybe-open"> {
  const startedAtMs = performance.now();
  let edited = await editUntilValid(file);
  const isQuick = performance.now() - startedAtMs < MIN_EDIT_MS;
  if (isQuick && !(await isChanged(file, seen.stored))) {
    const editor = editorIn(process.env);
    const hint = `The editor "${editor}" returned at once, without a change. If its window is still open, set EDITOR="${editor} --wait"`;
    if (!isTerminal()) {
      console.log("No changes. Nothing was saved.");
      console.error(`${hint}. The file is kept: ${file}`);
      return "maybe-open";
    }
    console.error(`${hint} next time, save the file now, and close it.`);
    await ask("Continue with the file as it is saved?", true);
    edited = await validDocument(file);
  }
  const document = await confirmed(edited, seen, options);
  if (document !== null) await withKv("POLICIES", options, (kv) => saveVersion({ kv, seen }, document, options));
  return "done";
}

/** A person cannot read a policy in less. Editors with a window return at once, unless they are asked to wait. */
const MIN_EDIT_MS = 5000;

async function isChanged(file: string, stored: string | null): Promise<boolean> {
  return (await readFile(file, "utf8")) !== textToEdit(stored);
}

/** Opens the editor until its file is a valid policy. Throws when it is not, and the user cannot or does not edit again. */
async function editUntilValid(file: string): Promise<JsonObject> {
  for (;;) {
    await openEditor(file, process.env);
    const document = await documentIn(file);
    if (document !== null) return document;
    if (!isTerminal() || !(await ask("Edit again?", true))) throw invalid();
  }
}

const invalid = () => new Error("The policy is invalid. Nothing was saved.");

async function validDocument(file: string): Promise<JsonObject> {
  const document = await documentIn(file);
  if (document === null) throw invalid();
  return document;
}

/** Null if it is no valid policy; the problems are printed then. */
async function documentIn(file: string): Promise<JsonObject | null> {
  const text = await readFile(file, "utf8");
  const parsed = parsePolicy(text);
  const document = parseJson(text);
  if (parsed.ok && isObject(document)) return document;
  const paint = paintFor(process.stderr, process.env);
  for (const problem of parsed.ok ? [] : parsed.problems) console.error(paint("red", `  ✗ ${problem}`));
  return null;
}

/** The document to save; null when there is no change. Throws when the user does not confirm. */
async function confirmed(edited: JsonObject, { stored }: PolicyState, { yes }: Options): Promise<JsonObject | null> {
  const before = stored === null ? {} : parseJson(stored);
  const base = isObject(before) ? before : {};
  const document = documentToSave(edited, base);
  const changes = differences(withoutMetadata(base), withoutMetadata(document));
  if (changes.length === 0 && isObject(before)) {
    console.log("No changes. Nothing was saved.");
    return null;
  }
  for (const line of changeLines(changes, paintFor(process.stderr, process.env))) console.error(`  ${line}`);
  if (yes) return document;
  if (!isTerminal()) throw new Error("Not a terminal: pass --yes to save without confirmation.");
  if (await ask("Save it as a new version?", false)) return document;
  throw new Error("Nothing was saved.");
}

function isTerminal(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Asks a yes-or-no question. `fallback` is the meaning of an empty answer. */
async function ask(question: string, fallback: boolean): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = (await terminal.question(`${question} ${fallback ? "[Y/n]" : "[y/N]"} `)).trim().toLowerCase();
    return answer === "" ? fallback : answer.startsWith("y");
  } finally {
    terminal.close();
  }
}

/** Resolves when the editor is closed. Throws an Error with one sentence when none is set, or when it fails. */
async function openEditor(file: string, env: NodeJS.ProcessEnv): Promise<void> {
  const editor = editorIn(env);
  if (editor === "") throw new Error("No editor is set; set EDITOR, for example EDITOR=nano.");
  // Through a shell, as git does it: the variable may contain arguments, such as "code --wait".
  const child = spawn("sh", ["-c", `${editor} "$1"`, "sh", file], { stdio: "inherit" });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`The editor "${editor}" exited with code ${code}. Nothing was saved.`);
}

function editorIn(env: NodeJS.ProcessEnv): string {
  return env["VISUAL"] || env["EDITOR"] || "";
}
