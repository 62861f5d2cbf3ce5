/** `node tools/bench/memory/draw.ts <json> [svg]`: draws docs/images/memory.svg from the JSON of the bench `memory`. */
import { drawPicture } from "../draw-picture.ts";
import { memoryPicture, pictureSchema } from "./picture.ts";

await drawPicture(
  {
    script: "tools/bench/memory/draw.ts",
    command: "npm run -s bench -- memory --json --model distilbert",
    schema: pictureSchema,
    fileName: "memory.svg",
    draw: memoryPicture,
  },
  process.argv.slice(2),
);
