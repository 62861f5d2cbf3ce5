/** Prints the AssemblyScript source of the matrix products: every tile is unrolled, so that its accumulators stay in registers. */

/** How products of 8-bit numbers are summed. Both give the same int32 for weights within the lane bound. */
export type DotVariant = "dot16" | "dot32";

/** What a product does with its sums: store them as f32, add them to what is stored, or store the int32 itself. */
type Output = "Store" | "Add" | "Integer";

const VECTORS = 2;
const QUADS = 4;
const ROWS_OF_TILES = [6, 4, 2] as const;
const COLUMN_BYTES = 48;

/** @returns one AssemblyScript module with the six products, `gemmStore16` to `gemmInteger32` */
export function printGemm(): string {
  const outputs: readonly Output[] = ["Store", "Add", "Integer"];
  const functions = (["dot16", "dot32"] as const).flatMap((variant) =>
    outputs.map((output) => printProduct(variant, output)),
  );
  return `// Printed by engine/build/print-gemm.ts.\n\n${functions.join("\n")}`;
}

function printProduct(variant: DotVariant, output: Output): string {
  return `
export function gemm${output}${variant === "dot16" ? 16 : 32}(a: usize, rowFacts: usize, b: usize, columns: usize, c: usize, rowStep: usize, blockStep: usize, rows: i32, blocks: i32, depth: usize): void {
  const blockBytes = depth << 3;
  for (; blocks > 0; blocks--) {
    let pa = a, facts = rowFacts, o = c, m = rows;
    const end = b + blockBytes;
    for (; m >= 6; m -= 6) {
${printTile(6, variant, output)}
    }
    if (m >= 4) {
${printTile(4, variant, output)}
      m -= 4;
    }
    if (m > 0) {
${printTile(2, variant, output)}
    }
    b = end;
    columns += ${COLUMN_BYTES * VECTORS};
    c += blockStep;
  }
}
`;
}

/** `rows` × 8 columns over the whole depth: 16 steps of k per turn of the loop. */
function printTile(rows: (typeof ROWS_OF_TILES)[number], variant: DotVariant, output: Output): string {
  const eachRow = (print: (row: number) => string) => Array.from({ length: rows }, (_, row) => print(row)).join("\n");
  return `
      let pb = b;
${eachRow(printStart)}
      do {
${eachRow((row) => printDots(row, variant))}
        pa += ${rows * 16}; pb += ${VECTORS * QUADS * 16};
      } while (pb < end);
${eachRow((row) => printOutput(row, output))}
      facts += ${rows * 8};`;
}

/** The sums start at −zero point · column sum, so that no later step subtracts it. */
function printStart(row: number): string {
  const start = (vector: number) =>
    `let c${row}_${vector} = i32x4.mul(z${row}, v128.load(columns, ${vector * COLUMN_BYTES + 16}));`;
  return `      const z${row} = v128.load32_splat(facts, ${row * 8 + 4}); ${start(0)} ${start(1)}`;
}

/** One load per row and 16 k; four shuffles repeat each quad of k for the four columns of a vector. */
function printDots(row: number, variant: DotVariant): string {
  const lines = [`        const r${row} = v128.load(pa, ${row * 16});`];
  for (let quad = 0; quad < QUADS; quad++) {
    lines.push(`const q${row}_${quad} = v128.shuffle<i32>(r${row}, r${row}, ${Array(4).fill(quad).join(", ")});`);
  }
  for (let vector = 0; vector < VECTORS; vector++) {
    const weights = (quad: number) => `v128.load(pb, ${(vector * QUADS + quad) * 16})`;
    const sum = `c${row}_${vector}`;
    lines.push(`${sum} = ${variant === "dot16" ? dot16(sum, row, weights) : dot32(sum, row, weights)};`);
  }
  return lines.join("\n        ");
}

function dot16(sum: string, row: number, weights: (quad: number) => string): string {
  const dots = Array.from(
    { length: QUADS },
    (_, quad) => `i16x8.relaxed_dot_i8x16_i7x16_s(${weights(quad)}, q${row}_${quad})`,
  );
  const lanes = dots.reduce((left, right) => `i16x8.add(${left}, ${right})`);
  return `i32x4.add(${sum}, i32x4.extadd_pairwise_i16x8_s(${lanes}))`;
}

function dot32(sum: string, row: number, weights: (quad: number) => string): string {
  return Array.from({ length: QUADS }, (_, quad) => quad).reduce(
    (left, quad) => `i32x4.relaxed_dot_i8x16_i7x16_add_s(${weights(quad)}, q${row}_${quad}, ${left})`,
    sum,
  );
}

function printOutput(row: number, output: Output): string {
  const store = (vector: number) => `v128.store(o, ${value(row, vector, output)}, ${vector * 16});`;
  const scale = output === "Integer" ? "" : `const s${row} = v128.load32_splat(facts, ${row * 8}); `;
  return `      ${scale}${store(0)} ${store(1)} o += rowStep;`;
}

function value(row: number, vector: number, output: Output): string {
  const sum = `c${row}_${vector}`;
  if (output === "Integer") return sum;
  const at = vector * COLUMN_BYTES;
  const product = `f32x4.mul(f32x4.convert_i32x4_s(${sum}), f32x4.mul(v128.load(columns, ${at}), s${row}))`;
  const biased = `f32x4.add(${product}, v128.load(columns, ${at + 32}))`;
  return output === "Add" ? `f32x4.add(v128.load(o, ${vector * 16}), ${biased})` : biased;
}
