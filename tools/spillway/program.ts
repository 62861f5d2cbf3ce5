/** The `spillway` command: all that it understands. */
import { Command } from "commander";
import { registerBackup } from "./backup.ts";
import { registerExplain } from "./explain.ts";
import { registerKeys } from "./keys.ts";
import { registerModel } from "./model.ts";
import { registerPolicy } from "./policy.ts";

export function spillwayProgram(): Command {
  const program = new Command("spillway")
    .description("Operate a Spillway gateway: its models, its policy and its API keys.")
    .exitOverride()
    .showHelpAfterError("Add --help to see what there is.")
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "")) });
  registerModel(program);
  registerPolicy(program);
  registerKeys(program);
  registerExplain(program);
  registerBackup(program);
  return program;
}
