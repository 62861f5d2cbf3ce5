/** The thresholds of a rollout, as a page. Generated from their schema. */
import { thresholdsSchema } from "../../control-plane/rollout/thresholds.ts";
import { generatedFrom, item, markdownTable, wrapped } from "./markdown.ts";

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
] as const;

const INTRODUCTION =
  "When a step of a rollout fails or is successful. Each threshold is an option of one rollout: `npx spillway rollout start share --to 100 --set minStepMs=2h`. The rollout keeps those that it was started with. Rates and parts are 0 to 1. [Roll out a share](../guide/rollout.md) has the commands, [how a rollout decides](../internals/rollouts.md) the statistics.";

/** @returns the page */
export function thresholdReference(): string {
  const defaults = new Map(Object.entries(thresholdsSchema.parse({})));
  const all = Object.entries(thresholdsSchema.shape);
  const table = markdownTable(
    ["threshold", "default"],
    all.map(([name]) => [`\`${name}\``, `\`${shown(name, defaults.get(name) ?? 0)}\``]),
  );
  const meanings = all.map(([name, { description = "" }]) => item(`\`${name}\``, description)).join("\n");
  const parts = ["# Thresholds of a rollout", generatedFrom("control-plane/rollout/thresholds.ts")];
  return `${[...parts, wrapped(INTRODUCTION), table, meanings].join("\n\n")}\n`;
}

/** As `--set` accepts it. */
function shown(name: string, value: number): string {
  if (!name.endsWith("Ms")) return String(value);
  const [unit, ms] = UNITS.find(([, length]) => value % length === 0) ?? ["ms", 1];
  return `${value / ms}${unit}`;
}
