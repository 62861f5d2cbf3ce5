#!/usr/bin/env node
/** `npx spillway …`: models, policy, API keys, explanations, backups. Results on stdout; progress and errors on stderr. */
import { keepCompiledCode } from "../process/compile-cache.ts";
import { dropUnreadOutput } from "../process/quiet-pipes.ts";
import { oneSentence } from "./terminal/one-sentence.ts";
import { makeConsoleSafe } from "./terminal/safe-console.ts";

keepCompiledCode();
const { CommanderError } = await import("commander");
const { spillwayProgram } = await import("./program.ts");
dropUnreadOutput();
makeConsoleSafe(console, process);
try {
  await spillwayProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    console.error(oneSentence(error));
    // A local runtime that never started would keep this process alive. Its exit ends the runtime too.
    process.exit(1);
  }
}
