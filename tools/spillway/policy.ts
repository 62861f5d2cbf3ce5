/** `spillway policy …`: reads and changes what the gateway is allowed to do and prefers, while traffic flows. */
import type { Command } from "commander";
import { registerDiff } from "./policy/diff.ts";
import { registerEdit } from "./policy/edit.ts";
import { registerGet } from "./policy/get.ts";
import { registerHistory } from "./policy/history.ts";
import { registerRollback } from "./policy/rollback.ts";
import { registerSet } from "./policy/set.ts";
import { registerUnset } from "./policy/unset.ts";

export function registerPolicy(program: Command): void {
  const policy = program.command("policy").description("Read, change and roll back the policy, while traffic flows.");
  registerGet(policy);
  registerSet(policy);
  registerUnset(policy);
  registerEdit(policy);
  registerHistory(policy);
  registerDiff(policy);
  registerRollback(policy);
}
