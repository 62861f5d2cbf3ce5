/** `npm run deploy -- --env staging --dry-run`: checks a deployment of the gateway, and makes it. */
import { CommanderError } from "commander";
import { deployProgram } from "./deploy/program.ts";
import { oneSentence } from "./spillway/one-sentence.ts";

try {
  await deployProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    console.error(oneSentence(error));
    process.exitCode = 1;
  }
}
