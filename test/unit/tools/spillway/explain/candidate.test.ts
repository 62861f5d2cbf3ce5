import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { lineOf, runExplain, useSmallModel } from "./run-explain.ts";

const tiny = useSmallModel();

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "spillway-explain-candidate-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

async function notesOf(policy: object): Promise<string[]> {
  const file = join(scratch, "policy.json");
  await writeFile(file, JSON.stringify(policy));
  const { stdout, stderr } = await runExplain("--text", "see you at lunch", "--policy", file);
  expect(lineOf(stdout, "decision")).toBe("edge, because within-share");
  return stderr === "" ? [] : stderr.split("\n");
}

it("a candidate changes no rule; a note states which isolates have other limits, and whose tokens are counted", async () => {
  const other = `other@${"a".repeat(64)}`;
  const { modelId } = tiny();
  expect(await notesOf({ candidate: { model: other, share: 12.5 } })).toEqual([
    expect.stringMatching(
      /^ {2}! 12.5 % of isolates run the candidate other@a{12}, with other limits .* SPILLWAY_MODEL_DIR/,
    ),
  ]);
  expect(await notesOf({ model: other, candidate: { model: modelId, share: 10 } })).toEqual([
    expect.stringMatching(/^ {2}! 10 % of isolates run the candidate tiny@[0-9a-f]{12}, which counts the tokens/),
  ]);
  expect(await notesOf({ candidate: { model: other, share: 0 } })).toEqual([]);
});
