/** The trial of an artifact, on small broken ones: it must notice files that only this checkout has. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { otherPlatform, tryArtifact } from "../../../../tools/build-lambda/try-artifact.ts";

const TINY = `tiny@${"1".repeat(64)}`;
const OTHER = `other@${"2".repeat(64)}`;
const expected = { modelId: TINY, publicKeyPem: "a key" };
const answer = (over: object = {}) => ({
  statusCode: 200,
  body: JSON.stringify({
    model: TINY,
    labels: ["ham", "spam"],
    problemType: "single_label_classification",
    windows: [{ tokens: 2, logits: [1, 3] }],
    usage: { durationMs: 1, initMs: 1, memoryMiB: 3072 },
    ...over,
  }),
});
const returning = (result: object) => `export const handler = async () => (${JSON.stringify(result)});`;

let scratch: string;
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), "spillway-try-"));
});
afterEach(() => rm(scratch, { recursive: true }));

async function tryHandler(code: string) {
  const folder = join(scratch, "task");
  await mkdir(folder);
  await writeFile(join(folder, "handler.mjs"), code);
  return tryArtifact(folder, expected);
}

describe("an artifact", () => {
  it("is reported with its label and its times", async () => {
    const tried = await tryHandler(returning(answer()));
    expect(tried).toMatchObject({ label: "spam", initMs: expect.any(Number), warmMs: expect.any(Number) });
    if (process.platform === "linux") expect(tried.peakMiB).toBeGreaterThan(10);
  });

  it.each([
    { name: "needs a module that it does not contain", code: 'import "hono";', says: "Cannot find package 'hono'" },
    {
      name: "reads a file of this machine",
      code: `import { readFileSync } from "node:fs"; readFileSync(${JSON.stringify(import.meta.filename)});`,
      says: "Access to this API has been restricted",
    },
    { name: "has no handler", code: "export const other = 1;", says: "handler.handler is undefined or not exported" },
    { name: "answers an error", code: returning({ statusCode: 503, body: '{"error":"no"}' }), says: "it answered 503" },
    { name: "runs another model", code: returning(answer({ model: OTHER })), says: `model ${OTHER}, not ${TINY}` },
    {
      name: "does not read its memory from Lambda's variable",
      code: returning(answer({ usage: { durationMs: 1, initMs: 1, memoryMiB: 128 } })),
      says: "it reports 128 MiB of memory, and AWS_LAMBDA_FUNCTION_MEMORY_SIZE is 3072",
    },
    {
      name: "prints, which would be a log line for every call",
      code: `console.log("hello");${returning(answer())}`,
      says: "it printed something, which only a crash should\nhello",
    },
  ])("is refused if it $name", async ({ code, says }) => {
    await expect(tryHandler(code)).rejects.toThrow(says);
  });

  it("is refused below a node_modules folder, which would hide modules that it lacks", async () => {
    await mkdir(join(scratch, "node_modules"));
    await expect(tryHandler(returning(answer()))).rejects.toThrow(`${join(scratch, "node_modules")} would hide`);
  });

  it("sees nothing of this process's environment", async () => {
    process.env["SPILLWAY_TEST_SECRET"] = "seen";
    const code = `${returning(answer())} if (process.env.SPILLWAY_TEST_SECRET || process.env.NODE_PATH || process.env.PATH) throw new Error("saw it");`;
    await tryHandler(code).finally(() => delete process.env["SPILLWAY_TEST_SECRET"]);
  });

  it("for another platform is not tried, and the reason is reported", () => {
    expect(otherPlatform(process.arch === "arm64" ? "x64" : "arm64")).toMatch(
      /^it is for linux\/\w+ and this machine is /,
    );
  });
});
