import { readFile } from "node:fs/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { loadTokenizer, runSteps } from "../../../../formats/tokenizer/load-tokenizer.ts";

const MIB = 2 ** 20;
const SPACES_MIB = 24;
const file = (name: string) => readFile(`models/mail-tagger/${name}`, "utf8");

/** Of strings and objects, after a collection. */
function heapBytes(): number {
  // V8 keeps the text of the last match.
  /a/.exec("a");
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed;
}

function tokenizerOf(text: string, config: string) {
  return runSteps(loadTokenizer([" ".repeat(SPACES_MIB * MIB), text].join(""), config));
}

it("a tokenizer does not keep the text of its tokenizer.json", async () => {
  const config = await file("tokenizer_config.json");
  const plain = await file("tokenizer.json");
  const beforeBytes = heapBytes();
  const tokenizer = tokenizerOf(plain, config);
  // The stack, or a compilation that runs beside it, may hold the text a moment longer.
  await expect.poll(() => (heapBytes() - beforeBytes) / MIB).toBeLessThan(SPACES_MIB / 2);
  expect(tokenizer.encode("see you at lunch", 512).next()).toMatchObject({ kind: "tokens" });
});
