/**
 * `node tools/bench/engine/record.ts <json>`: keeps what `spillway plan` needs of the bench `engine` with the model `distilbert`, in
 * tools/spillway/plan/recorded-engine.json.
 */
import { readFile, writeFile } from "node:fs/promises";
import { pictureSchema } from "./picture.ts";

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error("Usage: node tools/bench/engine/record.ts <json of bench engine>");
const last = (await readFile(file, "utf8")).trimEnd().split("\n").at(-1) ?? "";
const { lengths } = pictureSchema.parse(JSON.parse(last));
const target = new URL("../../spillway/plan/recorded-engine.json", import.meta.url);
const before = JSON.parse(await readFile(target, "utf8"));
const record = {
  ...before,
  date: new Date().toISOString().slice(0, 10),
  lengths: lengths.map(({ tokens, engineMs, nativeFp32Ms }) => ({ tokens, engineMs, nativeFp32Ms })),
};
await writeFile(target, `${JSON.stringify(record, null, 2)}\n`);
