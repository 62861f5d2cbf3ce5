/** Prints the two unrolled loops of attention: 8 queries × 4 keys of scores, and 4 queries × 8 dimensions of the context. */

const FOUR = [0, 1, 2, 3] as const;

/** @returns one AssemblyScript module with `scoreKeys` and `weighValues`, which the build marks as inline */
export function printAttention(): string {
  return `// Printed by engine/build/print-attention.ts.
import { madd } from "./vector";
${printScores()}${printContext()}`;
}

/** One lane of a vector in all four. */
function repeated(vector: string, lane: number): string {
  return `v128.shuffle<i32>(${vector}, ${vector}, ${lane}, ${lane}, ${lane}, ${lane})`;
}

/** Eight sums stay in registers: with twelve, V8 spills. */
function printScores(): string {
  return `
/** scores[key][8 queries] of four keys: \`queries\` is [dimension][8 queries], \`k\` [dimension block][key][8]. */
export function scoreKeys(queries: usize, queriesEnd: usize, k: usize, blockStep: usize, scores: usize): void {
  ${FOUR.map((key) => `let a${key} = f32x4.splat(0), b${key} = f32x4.splat(0);`).join(" ")}
  do {
${printFourDimensions(0)}
${printFourDimensions(4)}
    k += blockStep;
    queries += 256;
  } while (queries < queriesEnd);
${FOUR.map((key) => `  v128.store(scores, a${key}, ${key * 32}); v128.store(scores, b${key}, ${key * 32 + 16});`).join("\n")}
}
`;
}

function printFourDimensions(first: number): string {
  const keys = FOUR.map((key) => `const k${key} = v128.load(k, ${key * 32 + first * 4});`).join(" ");
  const dimensions = FOUR.map((dimension) => {
    const at = (first + dimension) * 32;
    const sums = FOUR.map(
      (key) =>
        `const s${key} = ${repeated(`k${key}`, dimension)}; a${key} = madd(s${key}, q0, a${key}); b${key} = madd(s${key}, q1, b${key});`,
    ).join("\n        ");
    return `      {
        const q0 = v128.load(queries, ${at}), q1 = v128.load(queries, ${at + 16});
        ${sums}
      }`;
  });
  return `    {\n      ${keys}\n${dimensions.join("\n")}\n    }`;
}

function printContext(): string {
  return `
/**
 * Four queries' context in 8 dimensions: the sum over keys of weight · value, times each query's \`inverse\` (1 / sum of weights).
 * \`weights\` is [key][8 queries], \`v\` [key][8]; query r's result is stored at \`o\` + r · step while r < queries.
 */
export function weighValues(weights: usize, weightsEnd: usize, v: usize, inverse: v128, o: usize, step: usize, queries: i32): void {
  ${FOUR.map((query) => `let a${query} = f32x4.splat(0), b${query} = f32x4.splat(0);`).join(" ")}
  do {
    const v0 = v128.load(v), v1 = v128.load(v, 16), w = v128.load(weights);
    ${FOUR.map((query) => `const w${query} = ${repeated("w", query)}; a${query} = madd(w${query}, v0, a${query}); b${query} = madd(w${query}, v1, b${query});`).join("\n    ")}
    v += 32;
    weights += 32;
  } while (weights < weightsEnd);
${FOUR.map(
  (query) =>
    `  ${query > 0 ? `if (queries <= ${query}) return;\n  ` : ""}{ const i = ${repeated("inverse", query)}; v128.store(o, f32x4.mul(a${query}, i)); v128.store(o, f32x4.mul(b${query}, i), 16); o += step; }`,
).join("\n")}
}
`;
}
