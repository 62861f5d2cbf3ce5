/** The thresholds of a rollout, for its guide. Generated from their schema. */
import { thresholdsSchema } from "../../control-plane/rollout/thresholds.ts";
import { markdownTable } from "./markdown.ts";

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
] as const;

/** @returns one row for each threshold, with its default */
export function thresholdsSection(): string {
  const defaults = thresholdsSchema.parse({});
  const rows = Object.entries(thresholdsSchema.shape).map(([name, schema]) => [
    `\`${name}\``,
    shown(name, new Map(Object.entries(defaults)).get(name) ?? 0),
    schema.description ?? "",
  ]);
  return markdownTable(["threshold", "default", "meaning"], rows);
}

/** As `--set` accepts it. */
function shown(name: string, value: number): string {
  if (!name.endsWith("Ms")) return String(value);
  const [unit, ms] = UNITS.find(([, length]) => value % length === 0) ?? ["ms", 1];
  return `${value / ms}${unit}`;
}
