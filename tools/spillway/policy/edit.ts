/** `spillway policy edit`: opens the policy in an editor, validates it, shows the changes, and saves it as a new version. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import type { JsonObject } from "../../../formats/json.ts";
import type { PolicyState } from "../../../policies/versions/repository.ts";
import { readUserText } from "../../process/read-text.ts";
import { whereWords, withKv } from "../kv/where.ts";
import { ask, confirmed, isTerminal, policyIn } from "./confirm.ts";
import { reportEditBase } from "./edit-base.ts";
import { textToEdit } from "./edited-text.ts";
import { addSaveOptions, type SaveOptions, saveVersion } from "./save-version.ts";
import { withPolicyState } from "./with-policy-state.ts";

interface Options extends SaveOptions {
  yes?: true;
}

/** Adds `spillway policy edit`. */
export function registerEdit(policy: Command): void {
  const edit = policy
    .command("edit")
    .description("Open the policy in force in $VISUAL or $EDITOR, and save it as a new version.")
    .option("-y, --yes", "save without confirmation");
  addSaveOptions(edit).action(editPolicy);
}

async function editPolicy(options: Options): Promise<void> {
  // KV is closed while the editor is open. Before the save, the stored policy is compared with `seen` again.
  const seen = await withPolicyState(options, async (seen) => seen);
  await reportEditBase(seen, options);
  const folder = await mkdtemp(join(tmpdir(), "spillway-policy-"));
  const file = join(folder, "policy.json");
  await writeFile(file, textToEdit(seen.inForce.text), { mode: 0o600 });
  try {
    if ((await editAndSave(file, seen, options)) === "maybe-open") return;
  } catch (error) {
    if (await isChanged(file, seen)) {
      const reason = error instanceof Error ? error.message : String(error);
      const where = whereWords(options);
      throw new Error(`${reason} Your edit is kept in ${file}. To save it: npx spillway policy apply ${file}${where}`);
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
  const editor = editorIn(process.env);
  const isOpen = mayBeOpen(editor, performance.now() - startedAtMs);
  if (isOpen && !(await isChanged(file, seen))) {
    const hint = `The editor "${editor}" returned without a change. If its window is still open, set EDITOR="${editor} --wait"`;
    if (!isTerminal()) {
      console.log("No changes. Nothing was saved.");
      console.error(`${hint}. The file is kept: ${file}`);
      return "maybe-open";
    }
    console.error(`${hint} next time, save the file now, and close it.`);
    await ask("Continue with the file as it is saved?", true);
    edited = await validDocument(file);
  }
  const document = await confirmed(edited, seen.inForce, options);
  if (document !== null) await withKv("POLICIES", options, (kv) => saveVersion({ kv, seen }, document, options));
  return "done";
}

/** A person cannot read a policy in less. Editors with a window return at once, unless they are asked to wait. */
const MIN_EDIT_MS = 5000;

/** Editors whose command opens a window and returns, unless it has an option that asks it to wait; a first start takes many seconds. */
const WITH_WINDOW =
  /^(?:\S*[\\/])?(?:code(?:-insiders)?|codium|cursor|windsurf|zed|subl|atom|mate|bbedit|idea|webstorm|pycharm|open|xdg-open)(?=\s|$)/;

const WAITS = /\s(?:--wait|-w|-W|--wait-apps|--block)(?=\s|$)/;

/** Whether the editor may still show the file although its command has returned. @param editor the command, with its arguments */
export function mayBeOpen(editor: string, tookMs: number): boolean {
  return !WAITS.test(editor) && (tookMs < MIN_EDIT_MS || WITH_WINDOW.test(editor.trim()));
}

async function isChanged(file: string, { inForce }: PolicyState): Promise<boolean> {
  return (await readFile(file, "utf8")) !== textToEdit(inForce.text);
}

/** Opens the editor until its file is a valid policy. Throws when it is not, and the user cannot or does not edit again. */
async function editUntilValid(file: string): Promise<JsonObject> {
  for (;;) {
    await openEditor(file, process.env);
    const document = policyIn(await readUserText(file));
    if (document !== null) return document;
    if (!isTerminal() || !(await ask("Edit again?", true))) throw invalid();
  }
}

const invalid = () => new Error("The policy is invalid. Nothing was saved.");

async function validDocument(file: string): Promise<JsonObject> {
  const document = policyIn(await readUserText(file));
  if (document === null) throw invalid();
  return document;
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
