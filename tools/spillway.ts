#!/usr/bin/env node
/** `npx spillway …`: packs, signs and publishes models, changes the policy, makes API keys, explains decisions. Results on stdout, progress and errors on stderr. */
import { Command, CommanderError } from "commander";
import { registerExplain } from "./spillway/explain.ts";
import { registerKeys } from "./spillway/keys.ts";
import { registerModel } from "./spillway/model.ts";
import { oneSentence } from "./spillway/one-sentence.ts";
import { registerPolicy } from "./spillway/policy.ts";

const program = new Command("spillway")
  .description("Operate a Spillway gateway: its models, its policy and its API keys.")
  .exitOverride()
  .showHelpAfterError("Add --help to see what there is.")
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "")) });

registerModel(program);
registerPolicy(program);
registerKeys(program);
registerExplain(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    console.error(oneSentence(error));
    process.exitCode = 1;
  }
}
