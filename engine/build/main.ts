/** `npm run build:engine` */
import { stat } from "node:fs/promises";
import { buildEngine, ENGINE_WASM } from "./build-engine.ts";

const built = await buildEngine();
const { size } = await stat(ENGINE_WASM);
console.log(`engine/dist/engine.wasm: ${size} bytes, ${built ? "built" : "up to date"}`);
