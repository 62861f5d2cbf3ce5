/** Pure. The values of `spillway rollout start`: a plan's steps, and thresholds of one rollout. */
import { InvalidArgumentError } from "commander";
import { DEFAULT_THRESHOLDS } from "../../../control-plane/rollout/thresholds.ts";
import { nearest } from "../../../policies/messages/nearest.ts";

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** "90s", "1h", "7d" in ms. @throws InvalidArgumentError */
export function parseDuration(text: string): number {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|min|h|d)$/.exec(text) ?? [];
  const ms = Number(number) * (UNITS_MS[unit] ?? Number.NaN);
  if (Number.isFinite(ms)) return Math.round(ms);
  throw new InvalidArgumentError(`It is "${text}"; a number with ms, s, min, h or d is allowed, as in 90s.`);
}

/** "10,50,95,100". The control plane checks their order. @throws InvalidArgumentError */
export function parseSteps(text: string): number[] {
  const steps = text.split(",").map((part) => parsePercent(part.trim()));
  if (steps.length > 0) return steps;
  throw new InvalidArgumentError("It is empty; percentages are allowed, as in 10,50,95,100.");
}

/** A percentage from 0 to 100. @throws InvalidArgumentError */
export function parsePercent(text: string): number {
  const percent = /^\d{1,3}(\.\d{1,2})?$/.test(text) ? Number(text) : Number.NaN;
  if (percent >= 0 && percent <= 100) return percent;
  throw new InvalidArgumentError(`It is "${text}"; a number from 0 to 100 with at most two decimals is allowed.`);
}

/** Adds `name=value` to the thresholds that were given before. Times may have a unit. @throws InvalidArgumentError */
export function parseThreshold(text: string, before: Record<string, number> = {}): Record<string, number> {
  const at = text.indexOf("=");
  const [name, value] = at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
  const known = Object.keys(DEFAULT_THRESHOLDS);
  if (!known.includes(name)) {
    const near = nearest(name, known);
    const hint = near === null ? `known are ${known.join(", ")}` : `did you mean ${near}?`;
    throw new InvalidArgumentError(`${name} is no threshold; ${hint}`);
  }
  const isTime = name.endsWith("Ms") && /[a-z]/.test(value);
  const number = isTime ? parseDuration(value) : value === "" ? Number.NaN : Number(value);
  if (Number.isFinite(number) && number >= 0) return { ...before, [name]: number };
  throw new InvalidArgumentError(
    `${name} is "${value}"; a number of at least 0 is allowed${name.endsWith("Ms") ? ", or a time such as 90s" : ""}.`,
  );
}
