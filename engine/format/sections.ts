/** The sections of a weights file: their order, sizes and offsets follow from the architecture. Pure. */
import { type Architecture, hasProjection, padSizes, roundUp, storedLayers } from "./architecture.ts";

/** Codes are positions in this list: append only. */
export const SECTION_KINDS = [
  // int8 rows, padded to 16; then one f32 scale per row
  "words",
  "word scales",
  "places",
  "place scales",
  // f32 rows, padded to 16: what a segment's kind adds, less what kind 0 adds
  "segment kinds",
  // f32: padded gains, padded offsets
  "embedding norm",
  // int8: packed matrix; then its columns
  "projection",
  "projection columns",
  "query key value",
  "query key value columns",
  "attention output",
  "attention output columns",
  "attention norm",
  "expand",
  "expand columns",
  "contract",
  "contract columns",
  "output norm",
  // f32: one row per output, padded to 16; then one f32 per output
  "head weights",
  "head bias",
  "label weights",
  "label bias",
] as const;
export type SectionKind = (typeof SECTION_KINDS)[number];

/** Every section begins at a multiple of it, counted from the end of the header. */
export const SECTION_ALIGNMENT = 64;

export interface Section {
  kind: SectionKind;
  /** 0 for sections outside the layers. */
  layer: number;
  /** From the end of the header, in bytes. */
  offset: number;
  bytes: number;
  /** A packed int8 matrix: its weights must keep the lane bound. */
  matrix: boolean;
}

/** A packed matrix multiplies rows of `depth` by columns that it pads to a multiple of 16. */
export interface MatrixSize {
  depth: number;
  columns: number;
}

/** Eight columns' facts take 96 bytes: scales, sums and biases of four columns, twice. */
const COLUMN_BYTES = 12;

/** @returns the sizes of a layer's four products and of the projection, padded */
export function matrixSizes(architecture: Architecture): Record<MatrixKind, MatrixSize> {
  const { embedding, width, context, feedForward } = padSizes(architecture);
  return {
    projection: { depth: embedding, columns: width },
    "query key value": { depth: width, columns: 3 * context },
    "attention output": { depth: context, columns: width },
    expand: { depth: width, columns: feedForward },
    contract: { depth: feedForward, columns: width },
  };
}

export type MatrixKind = "projection" | "query key value" | "attention output" | "expand" | "contract";

/** @returns all sections in file order; the next one begins at the next multiple of 64 */
export function layOutSections(architecture: Architecture): Section[] {
  const { vocabulary, positions, tokenTypes, labels, headActivation } = architecture;
  const { embedding, width } = padSizes(architecture);
  const sizes = matrixSizes(architecture);
  const sections: Section[] = [];
  let offset = 0;
  const add = (kind: SectionKind, bytes: number, layer = 0, matrix = false) => {
    sections.push({ kind, layer, offset, bytes, matrix });
    offset = roundToAlignment(offset + bytes);
  };
  const addMatrix = (kind: MatrixKind, layer = 0) => {
    const { depth, columns } = sizes[kind];
    add(kind, depth * columns, layer, true);
    add(`${kind} columns`, columns * COLUMN_BYTES, layer);
  };
  add("words", vocabulary * embedding);
  add("word scales", vocabulary * 4);
  add("places", positions * embedding);
  add("place scales", positions * 4);
  if (tokenTypes > 1) add("segment kinds", tokenTypes * embedding * 4);
  add("embedding norm", 2 * embedding * 4);
  if (hasProjection(architecture)) addMatrix("projection");
  for (let layer = 0; layer < storedLayers(architecture); layer++) {
    addMatrix("query key value", layer);
    addMatrix("attention output", layer);
    add("attention norm", 2 * width * 4, layer);
    addMatrix("expand", layer);
    addMatrix("contract", layer);
    add("output norm", 2 * width * 4, layer);
  }
  if (headActivation !== "none") {
    add("head weights", width * width * 4);
    add("head bias", width * 4);
  }
  add("label weights", labels * width * 4);
  add("label bias", labels * 4);
  return sections;
}

/** @returns bytes of all sections with their padding; the file is as long as the header and these */
export function sectionBytes(sections: readonly Section[]): number {
  const last = sections.at(-1);
  return last === undefined ? 0 : roundToAlignment(last.offset + last.bytes);
}

/** @returns where the next section begins if one ends here */
export function roundToAlignment(offset: number): number {
  return roundUp(offset, SECTION_ALIGNMENT);
}

/** @returns the section as a person names it: "expand of layer 3" (counted from 1) */
export function nameSection({ kind, layer }: Section, inLayers = LAYER_KINDS.has(kind)): string {
  return inLayers ? `${kind} of layer ${layer + 1}` : kind;
}

const LAYER_KINDS: ReadonlySet<SectionKind> = new Set(
  SECTION_KINDS.slice(SECTION_KINDS.indexOf("query key value"), SECTION_KINDS.indexOf("head weights")),
);
