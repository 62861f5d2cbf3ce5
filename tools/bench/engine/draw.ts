/** `node tools/bench/engine/draw.ts <json> [json of another model] [svg]`: draws docs/images/engine.svg from the JSON of the bench `engine`. */
import { drawPicture } from "../draw-picture.ts";
import { enginePicture, pictureSchema } from "./picture.ts";

await drawPicture(
  {
    script: "tools/bench/engine/draw.ts",
    command: "npm run -s bench -- engine --json --model distilbert",
    schema: pictureSchema,
    fileName: "engine.svg",
    draw: enginePicture,
  },
  process.argv.slice(2),
);
