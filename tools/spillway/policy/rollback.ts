/** `spillway policy rollback <version>`: saves the document of an earlier version as a new version. */
import type { Command } from "commander";
import { rollbackTo } from "../../../policies/versions/rollback.ts";
import { reportRejected } from "./edit-base.ts";
import { addSaveOptions, type SaveOptions, saveVersion } from "./save-version.ts";
import { withPolicyState } from "./with-policy-state.ts";

/** Adds `spillway policy rollback`. */
export function registerRollback(policy: Command): void {
  const rollback = policy
    .command("rollback")
    .description("Restore an earlier version and save it as a new version.")
    .argument("<version>", "a version of the history");
  addSaveOptions(rollback).action((name: string, options: SaveOptions) =>
    withPolicyState(options, async (seen, kv) => {
      const target = rollbackTo(seen, name);
      reportRejected(seen.inForce, "the new version replaces it and");
      if (typeof target === "string") console.log(target);
      else await saveVersion({ kv, seen }, target, options, `rollback to ${name}`);
    }),
  );
}
