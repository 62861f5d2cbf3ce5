/** One measurement in this process: `node [--wasm-enforce-bounds-checks] engine/bench/in-node.ts <weights> <lengths> <seconds>`. */
import { readFileSync } from "node:fs";
import { ENGINE_WASM } from "../build/build-engine.ts";
import { createEngine } from "../create-engine.ts";
import { measureLength, warmUp } from "./measure.ts";
import { measureParts } from "./parts.ts";

const [weightsFile = "", lengths = "128", seconds = "2"] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(ENGINE_WASM));
const bytes = readFileSync(weightsFile);

const tokens = lengths.split(",").map(Number);
const loading = createEngine(module).load({ maxTokens: Math.max(...tokens) });
for (let at = 0; at < bytes.length; at += 65_536) loading.write(bytes.subarray(at, at + 65_536));
const encoder = loading.finish();
warmUp(encoder);
const times = tokens.map((count) => measureLength(encoder, count, Number(seconds)));
const parts = measureParts(module, bytes, Math.min(512, Math.max(...tokens)));
console.log(JSON.stringify({ times, parts }));
