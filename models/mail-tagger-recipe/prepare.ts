/** `npm run model:prepare`: writes .spillway/data/mails.jsonl (one mail per line) for the Python scripts, and prints the sizes. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { dropUnreadOutput } from "../../tools/process/quiet-pipes.ts";
import { answerWithoutOptions, endWith } from "../../tools/process/standard-words.ts";
import { loadMails } from "./mails.ts";

const USAGE = `Usage: npm run model:prepare

Writes .spillway/data/mails.jsonl, one mail per line, and prints the sizes.`;

dropUnreadOutput();
endWith(answerWithoutOptions(process.argv.slice(2), "npm run model:prepare", USAGE));
const folder = resolve(import.meta.dirname, "../../.spillway/data");
const mails = loadMails();
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "mails.jsonl"), mails.map((mail) => `${JSON.stringify(mail)}\n`).join(""));

const sizes: Record<string, number> = {};
for (const { split, label } of mails) {
  const key = `${split} ${label}`;
  sizes[key] = (sizes[key] ?? 0) + 1;
}
console.log(JSON.stringify({ mails: mails.length, groups: new Set(mails.map(({ group }) => group)).size, ...sizes }));
