/** `node tools/bench/spike/draw.ts <json> [svg]`: draws docs/images/spike.svg from what `npm run bench -- spike --json` printed. */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { pictureSchema, spikePicture } from "./picture.ts";

const [file, svg = fileURLToPath(new URL("../../../docs/images/spike.svg", import.meta.url))] = process.argv.slice(2);
try {
  await draw(file, svg);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

async function draw(file: string | undefined, svg: string): Promise<void> {
  if (file === undefined) throw new Error("Say which simulation: node tools/bench/spike/draw.ts <json>.");
  const parsed = pictureSchema.safeParse(lastLine(await readFile(file, "utf8")));
  if (!parsed.success)
    throw new Error(`${file} is no simulation; make one with npm run -s bench -- spike --json > ${file}.`);
  await writeFile(svg, spikePicture(parsed.data));
  console.log(svg);
}

/** npm's own lines may stand before it. */
function lastLine(text: string): unknown {
  try {
    return JSON.parse(text.trimEnd().split("\n").at(-1) ?? "");
  } catch {
    return null;
  }
}
