/** `spillway rollout start share` and `start model`: begins a rollout. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import { MODEL_ID } from "../../../formats/model-package/names.ts";
import { authorName } from "../author.ts";
import { askControlPlane, type ControlPlane } from "../control-plane/ask.ts";
import { addControlPlaneOptions, type ControlPlaneOptions, controlPlaneOf } from "../control-plane/url.ts";
import { checkModel } from "../policy/save-version.ts";
import { paintFor } from "../terminal/colors.ts";
import { columnsOf } from "../terminal/wrap.ts";
import { changedSchema } from "./answers.ts";
import { parseDuration, parsePercent, parseSteps, parseThreshold } from "./start-options.ts";
import { statusLines } from "./status-lines.ts";

interface StartOptions extends ControlPlaneOptions {
  steps?: number[];
  again?: true;
  set?: Record<string, number>;
  lookEvery?: number;
  author?: string;
  json?: true;
}

interface ShareOptions extends StartOptions {
  to: number;
  shadowFirst?: true;
}

/** Adds `spillway rollout start`. */
export function registerStart(rollout: Command): void {
  const start = rollout.command("start").description("Start a rollout of a share or of a model.");
  const share = start
    .command("share")
    .description("Move the share of texts that the edge answers, step by step.")
    .addOption(new Option("--to <percent>", "the share to reach").argParser(parsePercent).makeOptionMandatory())
    .option("--shadow-first", "before the first step, compare the answers of both sides without moving the share");
  addStartOptions(share).action(({ to, shadowFirst, ...options }: ShareOptions) =>
    startRollout({ kind: "share", target: to, ...(shadowFirst && { shadowFirst }) }, options),
  );
  const model = start
    .command("model")
    .description("Serve a new model in a part of the isolates, and in all of them once it agrees with the origin.")
    .argument("<model>", "the package, as spillway model publish prints it: <name>@<64 hex digits>", parseModelId);
  addStartOptions(model).action(async (target: string, options: StartOptions) => {
    await mustBePublished(target, options);
    await startRollout({ kind: "model", target }, options);
  });
}

function addStartOptions(command: Command): Command {
  const withOptions = command
    .option("--steps <percents>", "percentages separated by commas", parseSteps)
    .option(
      "--set <threshold=value>",
      "another threshold for this rollout, such as minStepMs=2h; repeatable",
      parseThreshold,
    )
    .option("--look-every <time>", "time between two looks, such as 30s", parseDuration)
    .option("--again", "also if a rollout of the same target failed within 24 h")
    .option("--author <name>", "who starts it, for the history (default: the user of git)")
    .option("--json", "print JSON");
  return addControlPlaneOptions(withOptions);
}

interface Target {
  kind: "share" | "model";
  target: number | string;
  shadowFirst?: true;
}

async function startRollout(target: Target, { steps, again, set, lookEvery, ...options }: StartOptions): Promise<void> {
  const controlPlane = await controlPlaneOf(options, process.env);
  const body = {
    ...target,
    ...(steps !== undefined && { steps }),
    ...(again && { again }),
    ...(set !== undefined && { thresholds: set }),
    ...(lookEvery !== undefined && { lookEveryMs: lookEvery }),
    author: await authorName(options.author),
  };
  const { rollout } = await askControlPlane(
    controlPlane,
    { method: "POST", path: "/v1/rollouts", body },
    changedSchema,
  );
  if (options.json) {
    console.log(JSON.stringify(rollout, null, 2));
    return;
  }
  const [paint, columns] = [paintFor(process.stdout, process.env), columnsOf(process.stdout)];
  for (const line of statusLines(rollout, { paint, columns, nowMs: Date.now() })) console.log(line);
  console.log(paint("dim", "\n  Follow it with: npx spillway rollout status --watch"));
}

function parseModelId(text: string): string {
  if (MODEL_ID.test(text)) return text;
  throw new InvalidArgumentError(`It is "${text}"; <name>@<64 hex digits> is allowed.`);
}

const policySchema = z.object({ document: z.record(z.string(), z.json()).nullable(), text: z.string().nullable() });

/** @throws Error with one sentence for a package that was never published, or has other labels than the one in force */
async function mustBePublished(model: string, options: StartOptions): Promise<void> {
  // At another address, this machine does not know the bucket.
  if (options.url !== undefined && !options.remote) return;
  const controlPlane: ControlPlane = await controlPlaneOf(options, process.env);
  const present = await askControlPlane(controlPlane, { method: "GET", path: "/v1/policy" }, policySchema);
  const { remote, env } = options;
  await checkModel(
    present.text,
    { ...present.document, candidate: { model, share: 1 } },
    {
      ...(remote && { remote }),
      ...(env !== undefined && { env }),
    },
  );
}
