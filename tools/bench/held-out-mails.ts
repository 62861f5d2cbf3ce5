/** The mail tagger's labelled mails: made from the corpus once. */
import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { promisify } from "node:util";

/** The package that they belong to. */
export const MAIL_TAGGER = { name: "mail-tagger", folder: "models/mail-tagger" } as const;

const FILE = ".spillway/data/mails.jsonl";
const MAX_PREPARE_MS = 120_000;

/** @returns a file with a JSON object per line: `text`, `label`, and `split`, which is `test` for held-out mails */
export async function mailsFile(): Promise<string> {
  await access(FILE).catch(() =>
    promisify(execFile)(process.execPath, ["models/mail-tagger-recipe/prepare.ts"], { timeout: MAX_PREPARE_MS }),
  );
  return FILE;
}
