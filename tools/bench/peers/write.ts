/** `node tools/bench/peers/write.ts <json>`: writes docs/internals/peers.md from the JSON of the bench `peers`. */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseJson } from "../../../formats/json.ts";
import { readUserText } from "../../process/read-text.ts";
import { COMMAND, peersPage, SCRIPT } from "./page.ts";
import { resultSchema } from "./report.ts";

const PAGE = fileURLToPath(new URL("../../../docs/internals/peers.md", import.meta.url));

const [file] = process.argv.slice(2);
try {
  if (file === undefined) throw new Error(`Usage: node ${SCRIPT} <json>; ${COMMAND} > <json> makes the JSON.`);
  // npm prints lines before the JSON.
  const last = (await readUserText(file)).trimEnd().split("\n").at(-1) ?? "";
  const parsed = resultSchema.safeParse(parseJson(last));
  if (!parsed.success) throw new Error(`${file} has no result of this bench; make it with: ${COMMAND} > ${file}`);
  await writeFile(PAGE, peersPage(parsed.data));
  console.log(PAGE);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
