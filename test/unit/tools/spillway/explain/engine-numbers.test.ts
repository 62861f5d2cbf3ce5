/** The demo model's package is for spillway-engine: explain has that engine's time and limit. */
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { parseManifest } from "../../../../../formats/model-package/manifest.ts";
import { lineOf, runExplain } from "./run-explain.ts";

async function edgeEntry() {
  const parsed = parseManifest(await readFile("models/mail-tagger/manifest.json"));
  if (!parsed.ok || parsed.manifest.edge === null) throw new Error("the demo model has an edge entry");
  return parsed.manifest.edge;
}

/** @param words each is one token of the demo model; two special tokens are around them */
const explained = (words: number) => runExplain("--defaults", "--text", Array(words).fill("the").join(" "));

it("predicts a run by the time model that was measured with the engine", async () => {
  const { engine, timeMs } = await edgeEntry();
  expect(engine).toBe("spillway-engine");
  for (const tokens of [32, 128, 512]) {
    const runMs = timeMs.base + timeMs.perToken * tokens + timeMs.perTokenSquared * tokens ** 2;
    const { stdout } = await explained(tokens - 2);
    expect(lineOf(stdout, "text")).toContain(`${tokens} tokens, ${Math.round(runMs)} ms at the edge`);
  }
});

it("has its limit: 512 tokens run at the edge, 513 go to the origin", async () => {
  expect((await edgeEntry()).maxTokens).toBe(512);
  expect(lineOf((await explained(510)).stdout, "decision")).toBe("edge, because within-share");
  expect(lineOf((await explained(511)).stdout, "decision")).toMatch(/^origin .*, because too-long$/);
});
