/** `npm run traffic`: sends a realistic mix of requests to the local system for a while, and prints what came back. */
import { CommanderError } from "commander";
import { dropUnreadOutput } from "../process/quiet-pipes.ts";
import { oneSentence } from "../spillway/terminal/one-sentence.ts";
import { makeConsoleSafe } from "../spillway/terminal/safe-console.ts";
import { trafficProgram } from "./program.ts";

dropUnreadOutput();
makeConsoleSafe(console, process);
try {
  await trafficProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    console.error(oneSentence(error));
    process.exitCode = 1;
  }
}
