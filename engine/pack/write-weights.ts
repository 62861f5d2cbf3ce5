/** Writes a quantized encoder as a weights file. */
import { padSizes, storedLayers } from "../format/architecture.ts";
import { checksumOf } from "../format/checksum.ts";
import { encodeHeader } from "../format/header.ts";
import { layOutSections, type Section, type SectionKind, sectionBytes } from "../format/sections.ts";
import type { Linear, Norm } from "./encoder-weights.ts";
import { packColumns, packWeights } from "./pack-matrix.ts";
import type { QuantizedEncoder, QuantizedLinear } from "./quantize-encoder.ts";

export interface WeightsFile {
  bytes: Uint8Array;
  /** The largest sum of weights of one sign in any 16-bit lane. */
  largestLaneSum: number;
}

/** @throws WeightsError if the engine cannot run the architecture */
export function writeWeights(encoder: QuantizedEncoder): WeightsFile {
  const { architecture } = encoder;
  const sections = layOutSections(architecture);
  const largestLaneSum = Math.max(...matricesOf(encoder).map((matrix) => matrix.largestLaneSum));
  const draft = encodeHeader(architecture, [], largestLaneSum);
  const bytes = new Uint8Array(draft.length + sectionBytes(sections));
  const checksums = sections.map((section) => {
    const contents = contentsOf(encoder, section);
    if (contents.length !== section.bytes) {
      throw new Error(`Section "${section.kind}" has ${contents.length} bytes instead of ${section.bytes}.`);
    }
    bytes.set(contents, draft.length + section.offset);
    return checksumOf(contents);
  });
  bytes.set(encodeHeader(architecture, checksums, largestLaneSum));
  return { bytes, largestLaneSum };
}

/** Every packed matrix of the file. */
export function matricesOf({ projection, layers, architecture }: QuantizedEncoder): QuantizedLinear[] {
  const inLayers = layers
    .slice(0, storedLayers(architecture))
    .flatMap((layer) => [layer.queryKeyValue, layer.attentionOutput, layer.expand, layer.contract]);
  return projection === null ? inLayers : [projection, ...inLayers];
}

function contentsOf(encoder: QuantizedEncoder, { kind, layer }: Section): Uint8Array {
  const { embedding, width } = padSizes(encoder.architecture);
  const needed = <T>(value: T | null | undefined): T => {
    if (value === null || value === undefined) throw new Error(`The encoder has no ${kind}.`);
    return value;
  };
  const inLayer = () => needed(encoder.layers[layer]);
  const contents: Record<SectionKind, () => ArrayBufferView> = {
    words: () => encoder.words.q,
    "word scales": () => encoder.words.scales,
    places: () => encoder.places.q,
    "place scales": () => encoder.places.scales,
    "segment kinds": () => padRows(needed(encoder.kinds), encoder.architecture.embeddingWidth, embedding),
    "embedding norm": () => packNorm(encoder.embeddingNorm, embedding),
    projection: () => packWeights(needed(encoder.projection)),
    "projection columns": () => packColumns(needed(encoder.projection)),
    "query key value": () => packWeights(inLayer().queryKeyValue),
    "query key value columns": () => packColumns(inLayer().queryKeyValue),
    "attention output": () => packWeights(inLayer().attentionOutput),
    "attention output columns": () => packColumns(inLayer().attentionOutput),
    "attention norm": () => packNorm(inLayer().attentionNorm, width),
    expand: () => packWeights(inLayer().expand),
    "expand columns": () => packColumns(inLayer().expand),
    contract: () => packWeights(inLayer().contract),
    "contract columns": () => packColumns(inLayer().contract),
    "output norm": () => packNorm(inLayer().outputNorm, width),
    "head weights": () => outputRows(needed(encoder.head), width, width),
    "head bias": () => padRows(needed(encoder.head).bias, encoder.architecture.width, width),
    "label weights": () => outputRows(encoder.labels, width, encoder.architecture.labels),
    "label bias": () => encoder.labels.bias,
  };
  const { buffer, byteOffset, byteLength } = contents[kind]();
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Rows of `from` floats as rows of `to` floats, the rest zero. */
function padRows(values: Float32Array, from: number, to: number): Float32Array {
  const padded = new Float32Array((values.length / from) * to);
  for (let row = 0; row * from < values.length; row++) {
    padded.set(values.subarray(row * from, (row + 1) * from), row * to);
  }
  return padded;
}

function packNorm({ gain, offset }: Norm, step: number): Float32Array {
  const packed = new Float32Array(2 * step);
  packed.set(gain);
  packed.set(offset, step);
  return packed;
}

/** One row per output, as `dense` reads it; outputs beyond the matrix's own are rows of zeros. */
function outputRows({ inputs, outputs, weight }: Linear, step: number, rows: number): Float32Array {
  const packed = new Float32Array(rows * step);
  for (let output = 0; output < outputs; output++) {
    for (let input = 0; input < inputs; input++) packed[output * step + input] = weight[input * outputs + output] ?? 0;
  }
  return packed;
}
