/**
 * Prints the AssemblyScript module of constants. They lie in linear memory: V8 builds a `v128.const` anew in every turn of a loop, and a
 * load from a fixed address costs less (softmax was 3.4 times slower with constants in the code).
 */
import { ERF_DENOMINATOR, ERF_LIMIT, ERF_NUMERATOR, EXP } from "../coefficients.ts";

/** Below it e^x is computed as e^-87, the smallest power of e that is a normal f32. */
export const EXP_LOWEST = -87;
export const EXP_HIGHEST = 87;

/** 1.5 · 2^23: added to an f32 below 2^22 it leaves the nearest integer in the lowest bits. */
export const ROUNDING_BIAS = 12_582_912;

const SCALARS: Readonly<Record<string, number>> = {
  expLowest: EXP_LOWEST,
  expHighest: EXP_HIGHEST,
  roundingBias: ROUNDING_BIAS,
  log2e: Math.LOG2E,
  minusLn2: -Math.LN2,
  erfLimit: ERF_LIMIT,
  minusErfLimit: -ERF_LIMIT,
  sqrtHalf: Math.SQRT1_2,
  half: 0.5,
  one: 1,
  two: 2,
  minusTwo: -2,
  // The tanh form of GELU: tanh(√(2/π) · (x + 0.044715 x³)), https://arxiv.org/abs/1606.08415.
  geluTanhLinear: Math.sqrt(2 / Math.PI),
  geluTanhCubic: Math.sqrt(2 / Math.PI) * 0.044715,
};

/** 127 in each of the four bytes. */
const TOP_BYTES = 0x7f7f7f7f;

/** @returns a module with one function per constant, which loads it as a vector of four equal f32 */
export function printConstants(): string {
  const constants: [string, number][] = [
    ...[
      ...Object.entries(SCALARS),
      ...numbered("exp", EXP),
      ...numbered("erfNumerator", ERF_NUMERATOR),
      ...numbered("erfDenominator", ERF_DENOMINATOR),
    ].map(([name, value]): [string, number] => [name, bitsOf(value)]),
    ["topBytes", TOP_BYTES],
  ];
  const words = constants.flatMap(([, bits]) => Array<number>(4).fill(bits));
  const functions = constants.map(
    ([name], index) => `export function ${name}(): v128 { return v128.load(TABLE, ${index * 16}); }`,
  );
  return `// Printed by engine/build/print-constants.ts.
const TABLE: usize = memory.data<i32>([${words.join(", ")}], 16);
${functions.join("\n")}
`;
}

function numbered(name: string, values: readonly number[]): [string, number][] {
  return values.map((value, index) => [`${name}${index}`, value]);
}

function bitsOf(value: number): number {
  return new Int32Array(Float32Array.of(value).buffer)[0] ?? 0;
}
