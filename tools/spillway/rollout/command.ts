/** `spillway rollout …`: starts, shows and steers the rollout that the control plane runs. */
import type { Command } from "commander";
import { authorName } from "../author.ts";
import { askControlPlane } from "../control-plane/ask.ts";
import { addControlPlaneOptions, type ControlPlaneOptions, controlPlaneOf } from "../control-plane/url.ts";
import { paintFor } from "../terminal/colors.ts";
import { columnsOf } from "../terminal/wrap.ts";
import { changedSchema } from "./answers.ts";
import { registerHistory } from "./history.ts";
import { registerStart } from "./start.ts";
import { registerStatus } from "./status.ts";
import { statusLines } from "./status-lines.ts";

interface ChangeOptions extends ControlPlaneOptions {
  author?: string;
  json?: true;
}

const CHANGES = {
  pause: "Pause the rollout. It still rolls back if it fails.",
  resume: "Let a paused rollout continue.",
  abort: "End the rollout and restore the values of before it, as a new version of the policy.",
} as const;

/** Adds `spillway rollout` with its subcommands. */
export function registerRollout(program: Command): void {
  const rollout = program
    .command("rollout")
    .description("Move a share or a model step by step, judged by the ledger. Guide: docs/guide/rollout.md.");
  registerStart(rollout);
  registerStatus(rollout);
  registerHistory(rollout);
  for (const [name, description] of Object.entries(CHANGES)) {
    const command = rollout
      .command(name)
      .description(description)
      .option("--author <name>", "who decides it, for the history (default: the user of git)")
      .option("--json", "print JSON");
    addControlPlaneOptions(command).action((options: ChangeOptions) => change(name, options));
  }
}

async function change(name: string, options: ChangeOptions): Promise<void> {
  const controlPlane = await controlPlaneOf(options, process.env);
  const body = { author: await authorName(options.author) };
  const question = { method: "POST", path: `/v1/rollouts/current/${name}`, body } as const;
  const { rollout } = await askControlPlane(controlPlane, question, changedSchema);
  if (options.json) console.log(JSON.stringify(rollout, null, 2));
  else {
    const [paint, columns] = [paintFor(process.stdout, process.env), columnsOf(process.stdout)];
    for (const line of statusLines(rollout, { paint, columns, nowMs: Date.now() })) console.log(line);
  }
}
