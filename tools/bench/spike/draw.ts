/** `node tools/bench/spike/draw.ts <json> [svg]`: draws docs/images/spike.svg from the JSON of the bench `spike`. */
import { drawPicture } from "../draw-picture.ts";
import { pictureSchema, spikePicture } from "./picture.ts";

await drawPicture(
  {
    script: "tools/bench/spike/draw.ts",
    command: "npm run -s bench -- spike --json",
    schema: pictureSchema,
    fileName: "spike.svg",
    draw: spikePicture,
  },
  process.argv.slice(2),
);
