/** `--version` and `--help`, as a user types them at every command. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import manifest from "../../../../package.json" with { type: "json" };
import { deployProgram } from "../../../../tools/deploy/program.ts";
import { CHECKOUT_FOLDER } from "../../../../tools/process/checkout.ts";
import { answerWithoutOptions } from "../../../../tools/process/standard-words.ts";
import { spillwayProgram } from "../../../../tools/spillway/program.ts";
import { trafficProgram } from "../../../../tools/traffic/program.ts";

/** A step of an installation, and the generator of documentation, which people run in this checkout only. */
const NOT_FOR_USERS = ["engine/build/main.ts", "tools/docs/main.ts"];
/** Files beside the entry that read its words, and what they use of the shared piece. */
const READERS = ["program.ts", "start.ts", "arguments.ts"];
const SHARED = /\b(plainCommand|answerWithoutOptions|VERSION)\b/;

it("every command of package.json has --version and --help by the same piece of code", async () => {
  const entries = new Set(
    Object.values(manifest.scripts).flatMap((script) => /^(?:exec )?node ([\w./-]+)/.exec(script)?.[1] ?? []),
  );
  expect(entries.size).toBeGreaterThan(9);
  for (const entry of entries) {
    if (NOT_FOR_USERS.includes(entry)) continue;
    const files = [entry, ...READERS.map((name) => join(dirname(entry), name))];
    const texts = files.map((file) => readFile(join(CHECKOUT_FOLDER, file), "utf8").catch(() => ""));
    expect([entry, SHARED.test((await Promise.all(texts)).join())]).toEqual([entry, true]);
  }
});

it("--version prints the version of the checkout, and nothing else", async () => {
  const run = (script: string) =>
    promisify(execFile)(process.execPath, [script, "--version"], { cwd: CHECKOUT_FOLDER });
  const expected = { stdout: `${manifest.version}\n`, stderr: "" };
  expect(await Promise.all(["tools/start/main.mjs", "tools/reset.ts"].map(run))).toEqual([expected, expected]);
  for (const program of [spillwayProgram(), trafficProgram(), deployProgram()]) {
    const printed: string[] = [];
    program.configureOutput({ writeOut: (text) => void printed.push(text) });
    await expect(program.parseAsync(["--version"], { from: "user" })).rejects.toMatchObject({ exitCode: 0 });
    expect(printed).toEqual([`${manifest.version}\n`]);
  }
});

it("a command without options prints its usage or the version for those words, and refuses any other word", () => {
  const answer = (...words: string[]) => answerWithoutOptions(words, "npm start", "Usage: npm start");
  expect(answer()).toBeNull();
  expect(answer("--help")).toEqual({ text: "Usage: npm start", exitCode: 0 });
  expect(answer("--quiet", "-h")).toEqual({ text: "Usage: npm start", exitCode: 0 });
  expect(answer("--version")).toEqual({ text: manifest.version, exitCode: 0 });
  const text = "npm start has no option --quiet.\n\nUsage: npm start";
  expect(answer("--quiet", "--more")).toEqual({ text, exitCode: 2 });
});
