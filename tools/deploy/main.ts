/** `npm run deploy -- --env staging --dry-run`: checks a deployment of the gateway, and deploys it. */
import { CommanderError } from "commander";
import { buildEngine } from "../../engine/build/build-engine.ts";
import { dropUnreadOutput } from "../process/quiet-pipes.ts";
import { oneSentence } from "../spillway/terminal/one-sentence.ts";
import { makeConsoleSafe } from "../spillway/terminal/safe-console.ts";
import { deployProgram } from "./program.ts";

dropUnreadOutput();
makeConsoleSafe(console, process);
try {
  await buildEngine();
  await deployProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    console.error(oneSentence(error));
    process.exitCode = 1;
  }
}
