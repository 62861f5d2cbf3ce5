/** The compiled kernels, typed. Addresses and strides are bytes; the kernels' own files describe the layouts. */
import type { Activation } from "./format/architecture.ts";
import { ACTIVATIONS } from "./format/architecture.ts";

/** The forms of the dot product; both give the same int32. */
export type DotVariant = "dot16" | "dot32";

type Product = (
  a: number,
  rowFacts: number,
  b: number,
  columns: number,
  c: number,
  rowStep: number,
  blockStep: number,
  rows: number,
  blocks: number,
  depth: number,
) => void;

/** Exports of engine/kernels/index.ts. */
interface KernelExports {
  addRows(x: number, kinds: number, rows: number, width: number, table: number): void;
  attention(
    q: number,
    k: number,
    v: number,
    blockStep: number,
    keys: number,
    queries: number,
    context: number,
    contextStep: number,
    headBlocks: number,
    scratch: number,
  ): void;
  transposeKeys(k: number, blockStep: number, keys: number, headBlocks: number, o: number): void;
  activateRow(x: number, count: number, activation: number): void;
  dense(x: number, w: number, bias: number, y: number, outputs: number, depth: number): void;
  embed(
    ids: number,
    positions: number,
    rows: number,
    width: number,
    words: number,
    wordScales: number,
    places: number,
    placeScales: number,
    x: number,
  ): void;
  layerNorm(x: number, rows: number, width: number, step: number, gains: number, epsilon: number): void;
  quantize(
    source: number,
    sourceStep: number,
    firstRow: number,
    rows: number,
    allRows: number,
    depth: number,
    packed: number,
    facts: number,
    activation: number,
  ): void;
  gemmStore16: Product;
  gemmAdd16: Product;
  gemmInteger16: Product;
  gemmStore32: Product;
  gemmAdd32: Product;
  gemmInteger32: Product;
  checksum(state: number, from: number, blocks: number): void;
  largestLaneSum(from: number, blocks: number): number;
  probeDot(a: number, w: number): number;
}

/** The kernels of one memory, with the products of one variant. */
export interface Kernels extends KernelExports {
  variant: DotVariant;
  gemmStore: Product;
  gemmAdd: Product;
  gemmInteger: Product;
}

/** Kernels' constants lie below it, the driver's buffers above. */
export const KERNEL_BYTES = 4_096;

/** Of the probe and of the comparison of the variants; no buffer of a model lies below its end. */
const PROBE_AT = KERNEL_BYTES;
export const FIRST_FREE_BYTE = KERNEL_BYTES + 4_096;

/** What `probeDot` gives where one instruction multiplies and sums exactly: AVX-VNNI, and ARM. See kernels/verify.ts. */
const FUSED_RESULTS: readonly number[] = [129_540, -508];

/**
 * Instantiates the kernels on a memory and chooses the variant: the fused dot product where the machine has it as one instruction
 * and it gives the same int32 as the other one.
 * @param variant overrides the choice
 */
export function instantiateKernels(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  variant: DotVariant | null = null,
): Kernels {
  const abort = () => {
    throw new Error("A kernel of the engine was aborted.");
  };
  const { exports } = new WebAssembly.Instance(module, { env: { memory, abort } });
  // The binary is built from the sources beside this file.
  const kernels = exports as unknown as KernelExports;
  return withVariant(kernels, variant ?? chooseVariant(kernels, memory));
}

function withVariant(kernels: KernelExports, variant: DotVariant): Kernels {
  const fused = variant === "dot32";
  return {
    ...kernels,
    variant,
    gemmStore: fused ? kernels.gemmStore32 : kernels.gemmStore16,
    gemmAdd: fused ? kernels.gemmAdd32 : kernels.gemmAdd16,
    gemmInteger: fused ? kernels.gemmInteger32 : kernels.gemmInteger16,
  };
}

function chooseVariant(kernels: KernelExports, memory: WebAssembly.Memory): DotVariant {
  new Uint8Array(memory.buffer, PROBE_AT, 16).fill(255);
  new Uint8Array(memory.buffer, PROBE_AT + 16, 16).fill(127);
  if (!FUSED_RESULTS.includes(kernels.probeDot(PROBE_AT, PROBE_AT + 16))) return "dot16";
  return agree(kernels, memory) ? "dot32" : "dot16";
}

/** Compares both variants on 2 rows × 8 columns × 32 with the largest inputs that the lane bound allows. */
function agree(kernels: KernelExports, memory: WebAssembly.Memory): boolean {
  const [depth, rows, columns] = [32, 2, 8];
  const bytes = new Int8Array(memory.buffer, PROBE_AT, FIRST_FREE_BYTE - PROBE_AT).fill(0);
  const [a, b, facts, factsOfColumns, first, second] = [0, 256, 512, 576, 1024, 1280] as const;
  bytes.fill(127, a, a + rows * depth);
  // Lanes of eight weights that sum to ±258, and both signs in one lane.
  for (let index = 0; index < depth * columns; index++) {
    const quad = Math.floor(index / 16) % 4;
    const magnitude = quad < 2 ? 64 : quad === 2 ? 1 : 0;
    bytes[b + index] = (index & 2) === 0 ? magnitude : -magnitude;
  }
  const run = (product: Product, c: number) =>
    product(
      PROBE_AT + a,
      PROBE_AT + facts,
      PROBE_AT + b,
      PROBE_AT + factsOfColumns,
      PROBE_AT + c,
      32,
      32,
      rows,
      1,
      depth,
    );
  run(kernels.gemmInteger16, first);
  run(kernels.gemmInteger32, second);
  const results = (at: number) => bytes.subarray(at, at + rows * columns * 4);
  return results(first).every((value, index) => value === results(second)[index]);
}

/** @returns the number by which kernels know an activation */
export function activationCode(activation: Activation): number {
  return ACTIVATIONS.indexOf(activation);
}
