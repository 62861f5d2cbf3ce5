/** The `spillway` command on one running system's state: in this process, which saves its start, or as a user types it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { vi } from "vitest";
import { spillwayProgram } from "../../../tools/spillway/program.ts";
import { oneSentence } from "../../../tools/spillway/terminal/one-sentence.ts";
import type { Running } from "./system.ts";

const ROOT = new URL("../../..", import.meta.url);

type OfState = Pick<Running, "stateFolder"> &
  Partial<Pick<Running, "ports" | "withStores">> & {
    /** Of the operator. */
    token?: string;
  };

/**
 * Runs one command in this process, with the stores that are open for a running system. Commands must not overlap, as they print to one
 * console.
 * @returns what it prints on stdout
 * @throws Error with what it prints on stderr
 */
export async function spillway(
  { stateFolder, ports, token, withStores = (work) => work() }: OfState,
  ...words: string[]
): Promise<string> {
  const printed = { stdout: [] as string[], stderr: [] as string[] };
  const spies = [
    vi.spyOn(console, "log").mockImplementation((line) => void printed.stdout.push(String(line))),
    vi.spyOn(console, "error").mockImplementation((line) => void printed.stderr.push(String(line))),
    vi.spyOn(process.stderr, "write").mockImplementation((text) => printed.stderr.push(String(text).trimEnd()) > 0),
  ];
  const restore = setVariables({
    SPILLWAY_STATE_DIR: stateFolder,
    ...(ports !== undefined && { SPILLWAY_CONTROL_PORT: String(ports.control) }),
    ...(token !== undefined && { OPERATOR_TOKEN: token }),
  });
  try {
    await withStores(() => spillwayProgram().parseAsync(words, { from: "user" }));
    return printed.stdout.join("\n").trim();
  } catch (error) {
    throw new Error([...printed.stderr, oneSentence(error)].join("\n").trim());
  } finally {
    restore();
    for (const spy of spies) spy.mockRestore();
  }
}

/** Not stubEnv: a test may have stubs that outlive the command. @returns a function that undoes it */
function setVariables(variables: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}

/** Runs one command as a process, for tests of its exit code, its streams and its terminal. Otherwise as `spillway`. */
export async function spillwayProcess({ stateFolder }: OfState, ...words: string[]): Promise<string> {
  const child = spawn(process.execPath, ["tools/spillway/main.ts", ...words], {
    cwd: ROOT,
    env: { ...process.env, SPILLWAY_STATE_DIR: stateFolder },
  });
  const printed = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].on("data", (chunk: Buffer) => {
      printed[stream] += chunk.toString();
    });
  }
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(printed.stderr.trim());
  return printed.stdout.trim();
}
