/** What `policy edit` and `policy apply` have in common: a document that a person wrote is checked, shown as changes, and confirmed. */
import { createInterface } from "node:readline/promises";
import { isObject, type JsonObject, parseJson } from "../../../formats/json.ts";
import { parsePolicy } from "../../../policies/parse.ts";
import { changesOf, differences } from "../../../policies/versions/changes.ts";
import { documentOf, withoutMetadata } from "../../../policies/versions/document.ts";
import type { VersionInForce } from "../../../policies/versions/in-force.ts";
import { paintFor } from "../terminal/colors.ts";
import { columnsOf } from "../terminal/wrap.ts";
import { changeLines } from "./change-lines.ts";
import { documentToSave } from "./edited-text.ts";

/** @returns null if the text is no valid policy; the problems are printed then */
export function policyIn(text: string): JsonObject | null {
  const parsed = parsePolicy(text);
  const document = parseJson(text);
  if (parsed.ok && isObject(document)) return document;
  const paint = paintFor(process.stderr, process.env);
  for (const problem of parsed.ok ? [] : parsed.problems) console.error(paint("red", `  ✗ ${problem}`));
  return null;
}

interface Confirmation {
  yes?: true;
  /** Runs once the changes are printed; it throws an Error with one sentence if they must not be saved. */
  check?: () => void;
}

const INDENT = "  ";

/**
 * Prints what a document changes in the version in force, and asks whether to save it.
 * @returns the document to save; null when it changes nothing, unless it replaces a stored version that is rejected
 * @throws Error with one sentence when the user does not confirm, or cannot be asked
 */
export async function confirmed(
  edited: JsonObject,
  { text, rejected }: Pick<VersionInForce, "text" | "rejected">,
  { yes, check = () => {} }: Confirmation,
): Promise<JsonObject | null> {
  const base = documentOf(text);
  const document = documentToSave(edited, base);
  const [left, right] = [withoutMetadata(base), withoutMetadata(document)];
  const isSame = differences(left, right).length === 0;
  if (isSame && rejected === null) {
    console.log("No changes. Nothing was saved.");
    return null;
  }
  const columns = columnsOf(process.stderr);
  const paint = paintFor(process.stderr, process.env);
  const lines = changeLines(changesOf(left, right), paint, columns === null ? null : columns - INDENT.length);
  for (const line of lines) console.error(INDENT + line);
  if (isSame) console.error(`${INDENT}no changes to what is in force; it replaces version ${rejected?.name}`);
  check();
  if (yes) return document;
  if (!isTerminal()) throw new Error("Not a terminal: pass --yes to save without confirmation.");
  if (await ask("Save it as a new version?", false)) return document;
  throw new Error("Nothing was saved.");
}

/** Whether the user can be asked. */
export function isTerminal(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Asks a yes-or-no question. `fallback` is the meaning of an empty answer. */
export async function ask(question: string, fallback: boolean): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = (await terminal.question(`${question} ${fallback ? "[Y/n]" : "[y/N]"} `)).trim().toLowerCase();
    return answer === "" ? fallback : answer.startsWith("y");
  } finally {
    terminal.close();
  }
}
