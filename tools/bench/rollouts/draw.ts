/**
 * `node tools/bench/rollouts/draw.ts <json> [svg]`: draws docs/images/rollouts.svg from the JSON of the bench `rollouts`, and writes the
 * tables of docs/internals/rollouts.md.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { drawPicture } from "../draw-picture.ts";
import { pageSchema, withTables } from "./page.ts";
import { rolloutsPicture } from "./picture.ts";

const PAGE = new URL("../../../docs/internals/rollouts.md", import.meta.url);

await drawPicture(
  {
    script: "tools/bench/rollouts/draw.ts",
    command: "npm run -s bench -- rollouts --json",
    schema: pageSchema,
    fileName: "rollouts.svg",
    draw(data) {
      writeFileSync(PAGE, withTables(readFileSync(PAGE, "utf8"), data));
      return rolloutsPicture(data);
    },
  },
  process.argv.slice(2),
);
