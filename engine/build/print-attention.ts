/**
 * Prints the unrolled loop of attention. Scores and context have one form: four rows of eight columns, summed over t, of
 * w[t][4] · v[t][8]. Eight sums stay in registers: with twelve, V8 spills.
 */

const FOUR = [0, 1, 2, 3] as const;

/** @returns one AssemblyScript module with `scoreKeys` and `weighValues`, which the build marks as inline */
export function printAttention(): string {
  return `// Printed by engine/build/print-attention.ts.
import { madd } from "./vector";
${printScores()}${printContext()}`;
}

function printScores(): string {
  return `
/** Four keys' scores of eight queries, \`[key][8 queries]\`, over an even number of dimensions. */
export function scoreKeys(keys: usize, queries: usize, queriesEnd: usize, scores: usize): void {
${printSums()}
  do {
${printTerm("keys", 0, "queries", 0)}
    keys += 16;
    queries += 32;
  } while (queries < queriesEnd);
${FOUR.map((row) => `  v128.store(scores, a${row}, ${row * 32}); v128.store(scores, b${row}, ${row * 32 + 16});`).join("\n")}
}
`;
}

function printContext(): string {
  return `
/**
 * Four queries' context in eight dimensions: the sum over keys of weight · value, times each query's \`inverse\`.
 * \`weights\` is \`[key][8 queries]\`, \`v\` \`[key][8]\`; query r is stored at \`o\` + r · step while r < queries.
 */
export function weighValues(weights: usize, weightsEnd: usize, v: usize, inverse: v128, o: usize, step: usize, queries: i32): void {
${printSums()}
  do {
${printTerm("weights", 0, "v", 0)}
    weights += 32;
    v += 32;
  } while (weights < weightsEnd);
${FOUR.map((row) => `${row > 0 ? `  if (queries <= ${row}) return;\n` : ""}${printRow(row)}`).join("\n")}
}
`;
}

function printSums(): string {
  return FOUR.map((row) => `  let a${row} = f32x4.splat(0), b${row} = f32x4.splat(0);`).join("\n");
}

/** Adds one t to all sums. */
function printTerm(w: string, wOffset: number, v: string, vOffset: number): string {
  const rows = FOUR.map(
    (row) =>
      `      const s${row} = ${repeated("w", row)}; a${row} = madd(s${row}, v0, a${row}); b${row} = madd(s${row}, v1, b${row});`,
  );
  return `    {
      const v0 = v128.load(${v}, ${vOffset}), v1 = v128.load(${v}, ${vOffset + 16}), w = v128.load(${w}, ${wOffset});
${rows.join("\n")}
    }`;
}

function printRow(row: number): string {
  return `  { const i = ${repeated("inverse", row)}; v128.store(o, f32x4.mul(a${row}, i)); v128.store(o, f32x4.mul(b${row}, i), 16); o += step; }`;
}

/** One lane of a vector in all four. */
function repeated(vector: string, lane: number): string {
  return `v128.shuffle<i32>(${vector}, ${vector}, ${lane}, ${lane}, ${lane}, ${lane})`;
}
