/** Draws an SVG from the JSON that a bench printed. */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { z } from "zod";
import { readUserText } from "../process/read-text.ts";

export interface Picture<Data> {
  /** The script of `node <script> <json> … [svg]`. */
  script: string;
  /** Command that prints the JSON. */
  command: string;
  schema: z.ZodType<Data>;
  /** Name in docs/images, unless the command line names another file. */
  fileName: string;
  /** `more`: of further JSON files. @throws Error if the picture needs a number that the data lacks */
  draw(data: Data, more: readonly Data[]): string;
}

/** Runs `node <script> <json> … [svg]` with `argv` = the file names behind the script: exit code 1 and one sentence on stderr if it cannot be drawn. */
export async function drawPicture<Data>(picture: Picture<Data>, argv: readonly string[]): Promise<void> {
  try {
    console.log(await writePicture(picture, argv));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

async function writePicture<Data>(
  { script, command, schema, fileName, draw }: Picture<Data>,
  names: readonly string[],
) {
  const [svg = fileURLToPath(new URL(`../../docs/images/${fileName}`, import.meta.url))] = names.filter(isSvg);
  const read = async (json: string): Promise<Data> => {
    const parsed = schema.safeParse(lastLine(await readUserText(json)));
    if (parsed.success) return parsed.data;
    throw new Error(`${json} has no data for this picture; make it with: ${command} > ${json}`);
  };
  const [data, ...more] = await Promise.all(names.filter((name) => !isSvg(name)).map(read));
  if (data === undefined) throw new Error(`Usage: node ${script} <json> [svg]; ${command} > <json> makes the JSON.`);
  await writeFile(svg, draw(data, more));
  return svg;
}

function isSvg(name: string): boolean {
  return name.endsWith(".svg");
}

/** npm prints lines before the JSON. */
function lastLine(text: string): unknown {
  try {
    return JSON.parse(text.trimEnd().split("\n").at(-1) ?? "");
  } catch {
    return null;
  }
}
