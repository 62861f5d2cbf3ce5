/** Runs `npx spillway explain …` in this process, without a terminal. */
import { Command } from "commander";
import { vi } from "vitest";
import { registerExplain } from "../../../../../tools/spillway/explain/command.ts";

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
