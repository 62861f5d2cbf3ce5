/**
 * Fits the coefficients of e^x and erf that the kernels use, and prints `engine/coefficients.ts` with the errors that they leave:
 * `node engine/build/fit-coefficients.ts > engine/coefficients.ts`. `--plot` prints the errors over the range instead.
 */
import { fileURLToPath } from "node:url";
import { erf } from "./erf.ts";
import { type Degrees, errorAt, fitMinimax, type Ratio, type Target } from "./minimax.ts";

const HALF_LN2 = Math.LN2 / 2;

/** Beyond it erf is 1 within 1.2e-7, which is the rounding of f32 at 1. */
const ERF_LIMIT = 3.75;

const EXP: Target = {
  value: Math.exp,
  argument: (x) => x,
  factor: () => 1,
  unit: Math.exp,
  from: -HALF_LN2,
  to: HALF_LN2,
};

/** The range starts above 0: an odd function has no error to alternate there. */
const ERF: Target = { value: erf, argument: (x) => x * x, factor: (x) => x, unit: () => 1, from: 1e-4, to: ERF_LIMIT };

const EXP_DEGREES: Degrees = { numerator: 5, denominator: 0 };
const ERF_DEGREES: Degrees = { numerator: 5, denominator: 5 };

/** A fit with its coefficients rounded to f32, and its largest error in double precision. */
export interface Fit {
  target: Target;
  ratio: Ratio;
  largestError: number;
}

/** Fits e^x on |x| ≤ ln 2 / 2, by relative error. */
export function fitExp(): Fit {
  return fitAndRound(EXP, EXP_DEGREES);
}

/** Fits erf on |x| ≤ 3.75, by absolute error. */
export function fitErf(): Fit {
  return fitAndRound(ERF, ERF_DEGREES);
}

function fitAndRound(target: Target, degrees: Degrees): Fit {
  const { numerator, denominator } = fitMinimax(target, degrees);
  const ratio = { numerator: numerator.map(Math.fround), denominator: denominator.map(Math.fround) };
  const largestError = Math.max(...sample(target, 10_000).map((x) => Math.abs(errorAt(target, ratio, x))));
  return { target, ratio, largestError };
}

function sample({ from, to }: Target, count: number): number[] {
  return Array.from({ length: count + 1 }, (_, index) => from + ((to - from) * index) / count);
}

/** @returns the source of engine/coefficients.ts */
export function printCoefficients(exp: Fit, erfFit: Fit): string {
  return `/**
 * Printed by \`node engine/build/fit-coefficients.ts\`: minimax fits with coefficients rounded to f32, lowest degree first.
 * The errors are those of the rounded coefficients in double precision.
 */

/** e^x ≈ polynomial(x) for |x| ≤ ln 2 / 2; relative error ≤ ${exp.largestError.toExponential(1)}. */
${printList("EXP", exp.ratio.numerator)}

/** erf(x) ≈ x · numerator(x²) / denominator(x²) for |x| ≤ ERF_LIMIT; absolute error ≤ ${erfFit.largestError.toExponential(1)}. */
${printList("ERF_NUMERATOR", erfFit.ratio.numerator)}

${printList("ERF_DENOMINATOR", erfFit.ratio.denominator)}

/** Beyond it erf(±ERF_LIMIT) is used; absolute error ≤ ${(1 - erf(ERF_LIMIT)).toExponential(1)} more. */
export const ERF_LIMIT = ${ERF_LIMIT};
`;
}

/** As the formatter leaves it. Nine digits give an f32 back exactly; the shortest double of them is printed. */
function printList(name: string, values: readonly number[]): string {
  const list = values.map((value) => Number(value.toPrecision(9))).join(", ");
  const start = `export const ${name}: readonly number[] = [`;
  return start.length + list.length + 2 <= 120 ? `${start}${list}];` : `${start}\n  ${list},\n];`;
}

/** One line per point: x, the error, and a bar from −largest to +largest. */
function plot(name: string, { target, ratio, largestError }: Fit): string {
  const half = 30;
  const lines = sample(target, 60).map((x) => {
    const error = errorAt(target, ratio, x);
    const at = half + Math.round((error / largestError) * half);
    return `${x.toFixed(4).padStart(8)} ${error.toExponential(2).padStart(10)} ${" ".repeat(at)}•`;
  });
  return `${name}: largest error ${largestError.toExponential(2)}\n${lines.join("\n")}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [exp, erfFit] = [fitExp(), fitErf()];
  const text = process.argv.includes("--plot")
    ? plot("e^x (relative)", exp) + plot("erf (absolute)", erfFit)
    : printCoefficients(exp, erfFit);
  process.stdout.write(text);
}
