/** `spillway explain`: the route of a text and the result of each rule, computed by the functions that decide in the Worker. */
import { resolve } from "node:path";
import type { Command } from "commander";
import type { Policy } from "../../../policies/schema.ts";
import { CHECKOUT_FOLDER } from "../../process/checkout.ts";
import { readSettings } from "../../process/local-settings.ts";
import { paintFor } from "../terminal/colors.ts";
import { columnsOf } from "../terminal/wrap.ts";
import { explain } from "./explanation.ts";
import { explanationLines, shortModel } from "./lines.ts";
import { addExplainOptions, countryOf, type ExplainOptions, textOf } from "./options.ts";
import { policyToExplain } from "./policy-to-explain.ts";
import { type PackageNumbers, packageNumbers, situationOf } from "./situation.ts";

/** Adds `spillway explain`. */
export function registerExplain(program: Command): void {
  const command = program
    .command("explain")
    .description("Show the route that the gateway would choose for a text, and the result of each rule.")
    .addHelpText(
      "after",
      "\nThe meaning of each reason: docs/reference/codes.md.\nThe state of a running gateway: its /readyz.",
    );
  addExplainOptions(command).action(explainText);
}

async function explainText(options: ExplainOptions): Promise<void> {
  const { policy, from: policyFrom, notes } = await policyToExplain(options);
  const numbers = await packageNumbers(
    resolve(CHECKOUT_FOLDER, readSettings(process.env).modelFolder),
    textOf(options),
  );
  const { assumed: countryAssumed, ...country } = countryOf(options);
  const situation = situationOf({ ...options, ...country }, policy, numbers);
  for (const note of [...notes, ...packageNotes(policy, numbers)]) console.error(`  ! ${note}`);
  const shown = {
    policyFrom,
    modelId: numbers.modelId,
    countryAssumed,
    paint: paintFor(process.stdout, process.env),
    columns: columnsOf(process.stdout),
  };
  for (const line of explanationLines(situation, explain(situation), shown)) console.log(line);
}

/** The rules are the same in every isolate; limits and times are the model's. */
function candidateNote({ model, share }: NonNullable<Policy["candidate"]>, isCounted: boolean): string {
  const isolates = `${share} % of isolates run the candidate ${shortModel(model)}`;
  return isCounted
    ? `${isolates}, which counts the tokens here; the other isolates run another model, with other limits and times`
    : `${isolates}, with other limits and times; to explain those, set SPILLWAY_MODEL_DIR to its folder`;
}

/** Notes when an isolate would count tokens with another package, or would reject this one. */
function packageNotes({ model, candidate, minVersion }: Policy, { modelId, version }: PackageNumbers): string[] {
  const isCandidate = candidate?.model === modelId;
  return [
    ...(candidate === null || candidate.share === 0 ? [] : [candidateNote(candidate, isCandidate)]),
    ...(model === null || model === modelId || isCandidate
      ? []
      : [
          `the policy names ${shortModel(model)}, but tokens are counted by ${shortModel(modelId)}; set SPILLWAY_MODEL_DIR`,
        ]),
    ...(version < minVersion
      ? [`the policy's minVersion ${minVersion} rejects version ${version} of this model; pass --edge rejected`]
      : []),
  ];
}
