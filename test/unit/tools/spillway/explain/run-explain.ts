/** Runs `npx spillway explain …` in this process, without a terminal. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, beforeEach, vi } from "vitest";
import { registerExplain } from "../../../../../tools/spillway/explain/command.ts";
import { type TinyPackage, writeTinyPackage } from "../../../../support/model-package.ts";

/**
 * The command counts the tokens of a file's tests with a package that is small: of the demo model's, each command would hash 37 MB.
 * @returns the package, from the first test on
 */
export function useSmallModel(): () => TinyPackage {
  let scratch = "";
  let tiny: TinyPackage;
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), "spillway-explain-model-"));
    tiny = await writeTinyPackage(scratch);
  });
  beforeEach(() => void vi.stubEnv("SPILLWAY_MODEL_DIR", scratch));
  afterAll(() => rm(scratch, { recursive: true, force: true }));
  return () => tiny;
}

/** @returns what it printed; an error has the message that a user sees */
export async function runExplain(...words: string[]): Promise<{ stdout: string; stderr: string }> {
  const program = new Command().exitOverride();
  const printed = { stdout: [] as string[], stderr: [] as string[] };
  const log = vi.spyOn(console, "log").mockImplementation((line) => void printed.stdout.push(line));
  const error = vi.spyOn(console, "error").mockImplementation((line) => void printed.stderr.push(line));
  registerExplain(program);
  for (const command of [program, ...program.commands]) command.configureOutput({ writeErr: () => {} }).exitOverride();
  try {
    await program.parseAsync(["explain", ...words], { from: "user" });
    return { stdout: printed.stdout.join("\n"), stderr: printed.stderr.join("\n") };
  } finally {
    log.mockRestore();
    error.mockRestore();
  }
}

/** @returns the text after a label such as `decision` */
export function lineOf(stdout: string, label: string): string | undefined {
  return stdout
    .split("\n")
    .find((line) => line.startsWith(`${label} `))
    ?.slice(label.length)
    .trim();
}
