/**
 * The header of a weights file, little-endian. It is read before anything else of the file, and everything in it is checked: the
 * sections must be exactly those that the architecture asks for.
 *
 * | bytes | what |
 * |---|---|
 * | 0 | magic `ENCODER\0` |
 * | 8 | format version, header bytes, file bytes, header checksum, largest lane sum, number of sections: u32 each |
 * | 32 | ten sizes of the architecture: u32 each, in the order of SIZE_NAMES |
 * | 72 | pad token + 1 (0: none), activation, head's activation: u32; epsilon: f32 |
 * | 88 | 1 if all layers share one layer's weights, otherwise 0: u32 |
 * | 128 | per section 16 bytes: kind, layer, bytes, checksum: u32 each |
 */
import { WeightsError } from "../weights-error.ts";
import {
  ACTIVATIONS,
  type Activation,
  type Architecture,
  checkArchitecture,
  roundUp,
  SIZE_NAMES,
} from "./architecture.ts";
import { checksumOf } from "./checksum.ts";
import {
  layOutSections,
  nameSection,
  SECTION_ALIGNMENT,
  SECTION_KINDS,
  type Section,
  sectionBytes,
} from "./sections.ts";

/** The version that this code writes and reads. */
export const FORMAT_VERSION = 1;

/** These first bytes give the header's length. */
export const PREAMBLE_BYTES = 128;

/** 127 · 258 is the largest multiple of 127 that fits a signed 16-bit lane. */
export const MAX_LANE_SUM = 258;

const MAGIC = "ENCODER\0";
const SECTION_ENTRY_BYTES = 16;
const MAX_HEADER_BYTES = 65_536;
const AT = { version: 8, headerBytes: 12, fileBytes: 16, checksum: 20, laneSum: 24, sections: 28, sizes: 32 } as const;
const AT_REST = { padToken: 72, activation: 76, headActivation: 80, epsilon: 84, sharesLayers: 88 } as const;

export interface Header {
  architecture: Architecture;
  sections: readonly Section[];
  /** One per section. */
  checksums: readonly number[];
  /** The largest sum of weights of one sign in any 16-bit lane of any matrix. */
  largestLaneSum: number;
  headerBytes: number;
  fileBytes: number;
}

/** @returns the header's bytes, a multiple of 64 */
export function encodeHeader(
  architecture: Architecture,
  checksums: readonly number[],
  largestLaneSum: number,
): Uint8Array {
  checkArchitecture(architecture);
  const sections = layOutSections(architecture);
  const headerBytes = headerBytesFor(sections.length);
  const bytes = new Uint8Array(headerBytes);
  const view = new DataView(bytes.buffer);
  const put = (at: number, value: number) => view.setUint32(at, value, true);
  bytes.set(new TextEncoder().encode(MAGIC));
  put(AT.version, FORMAT_VERSION);
  put(AT.headerBytes, headerBytes);
  put(AT.fileBytes, headerBytes + sectionBytes(sections));
  put(AT.laneSum, largestLaneSum);
  put(AT.sections, sections.length);
  for (const [index, name] of SIZE_NAMES.entries()) put(AT.sizes + 4 * index, architecture[name]);
  put(AT_REST.padToken, architecture.padToken === null ? 0 : architecture.padToken + 1);
  put(AT_REST.activation, ACTIVATIONS.indexOf(architecture.activation));
  put(AT_REST.headActivation, ACTIVATIONS.indexOf(architecture.headActivation));
  view.setFloat32(AT_REST.epsilon, architecture.epsilon, true);
  put(AT_REST.sharesLayers, architecture.sharesLayers ? 1 : 0);
  for (const [index, section] of sections.entries()) {
    const entry = [SECTION_KINDS.indexOf(section.kind), section.layer, section.bytes, checksums[index] ?? 0];
    for (const [field, value] of entry.entries()) {
      put(PREAMBLE_BYTES + SECTION_ENTRY_BYTES * index + 4 * field, value);
    }
  }
  put(AT.checksum, checksumOf(bytes));
  return bytes;
}

/**
 * Reads how long the header is.
 * @param bytes at least the file's first 128
 * @throws WeightsError for another kind of file or another version
 */
export function readHeaderBytes(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  if (new TextDecoder().decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) {
    throw new WeightsError("This is not a weights file of the engine: it does not begin with ENCODER.");
  }
  const version = view.getUint32(AT.version, true);
  if (version !== FORMAT_VERSION) {
    throw new WeightsError(
      `The weights file has format version ${version}; this engine reads version ${FORMAT_VERSION}. Pack the model again.`,
    );
  }
  const headerBytes = view.getUint32(AT.headerBytes, true);
  const expected = headerBytesFor(view.getUint32(AT.sections, true));
  if (headerBytes !== expected || headerBytes > MAX_HEADER_BYTES) throw damagedHeader("its length is wrong");
  return headerBytes;
}

/** @param bytes the whole header @throws WeightsError with one sentence */
export function decodeHeader(bytes: Uint8Array): Header {
  const headerBytes = readHeaderBytes(bytes);
  const view = viewOf(bytes);
  const get = (at: number) => view.getUint32(at, true);
  // A copy, also of Node's Buffer, whose slice() is a view.
  const cleared = Uint8Array.from(bytes.subarray(0, headerBytes));
  cleared.fill(0, AT.checksum, AT.checksum + 4);
  if (checksumOf(cleared) !== get(AT.checksum)) throw damagedHeader("its checksum is wrong");

  const architecture = readArchitecture(view);
  checkArchitecture(architecture);
  const sections = layOutSections(architecture);
  if (sections.length !== get(AT.sections)) {
    throw damagedHeader(`it lists ${get(AT.sections)} sections, and the architecture needs ${sections.length}`);
  }
  const checksums = sections.map((section, index) => {
    const at = PREAMBLE_BYTES + SECTION_ENTRY_BYTES * index;
    const wanted = [SECTION_KINDS.indexOf(section.kind), section.layer, section.bytes];
    if (wanted.some((value, field) => get(at + 4 * field) !== value)) {
      throw damagedHeader(`section ${index + 1} is not the one that the architecture needs, ${nameSection(section)}`);
    }
    return get(at + 12);
  });
  const fileBytes = headerBytes + sectionBytes(sections);
  if (get(AT.fileBytes) !== fileBytes) throw damagedHeader("the file's length is wrong");
  const largestLaneSum = get(AT.laneSum);
  if (largestLaneSum > MAX_LANE_SUM) throw laneSumError(largestLaneSum);
  return { architecture, sections, checksums, largestLaneSum, headerBytes, fileBytes };
}

/** @returns the error of a matrix whose weights could overflow a 16-bit lane */
export function laneSumError(sum: number): WeightsError {
  return new WeightsError(
    `The weights file breaks the lane bound: weights of one sign sum to ${sum} in a lane, allowed are ${MAX_LANE_SUM}. Pack the model again.`,
  );
}

function readArchitecture(view: DataView): Architecture {
  const size = (name: (typeof SIZE_NAMES)[number]) => view.getUint32(AT.sizes + 4 * SIZE_NAMES.indexOf(name), true);
  const padToken = view.getUint32(AT_REST.padToken, true);
  return {
    vocabulary: size("vocabulary"),
    positions: size("positions"),
    tokenTypes: size("tokenTypes"),
    padToken: padToken === 0 ? null : padToken - 1,
    embeddingWidth: size("embeddingWidth"),
    width: size("width"),
    heads: size("heads"),
    headSize: size("headSize"),
    feedForward: size("feedForward"),
    layers: size("layers"),
    sharesLayers: sharesLayersOf(view.getUint32(AT_REST.sharesLayers, true)),
    labels: size("labels"),
    activation: activationOf(view.getUint32(AT_REST.activation, true)),
    headActivation: activationOf(view.getUint32(AT_REST.headActivation, true)),
    epsilon: view.getFloat32(AT_REST.epsilon, true),
  };
}

function sharesLayersOf(code: number): boolean {
  if (code > 1) throw damagedHeader(`${code} stands where 1 or 0 states whether layers share their weights`);
  return code === 1;
}

function activationOf(code: number): Activation {
  const activation = ACTIVATIONS[code];
  if (activation === undefined) throw damagedHeader(`activation ${code} is unknown`);
  return activation;
}

function headerBytesFor(sections: number): number {
  return roundUp(PREAMBLE_BYTES + SECTION_ENTRY_BYTES * sections, SECTION_ALIGNMENT);
}

function damagedHeader(why: string): WeightsError {
  return new WeightsError(`The weights file's header is damaged: ${why}.`);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
