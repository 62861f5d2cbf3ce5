/** Weights stream straight into linear memory and are verified as they arrive. */
import { endChecksum, startChecksum } from "./format/checksum.ts";
import {
  decodeHeader,
  type Header,
  laneSumError,
  MAX_LANE_SUM,
  PREAMBLE_BYTES,
  readHeaderBytes,
} from "./format/header.ts";
import { nameSection, roundToAlignment, type Section } from "./format/sections.ts";
import type { Kernels } from "./kernels.ts";
import type { MemoryPlan } from "./plan-memory.ts";
import { WeightsError } from "./weights-error.ts";

/** Memory that is ready for the weights of one header. */
export interface WeightsTarget {
  memory: WebAssembly.Memory;
  kernels: Kernels;
  plan: MemoryPlan;
}

/** Bytes of 16 k × 8 columns, on which the lane bound can be checked. */
const LANE_BLOCK_BYTES = 128;

/** Receives one weights file in chunks of any size. */
export class WeightsLoader {
  readonly #prepare: (header: Header) => WeightsTarget;
  readonly #head: number[] = [];
  #body: Body | null = null;
  #failure: unknown = null;

  /** @param prepare called once, with the verified header, before the first weight is stored */
  constructor(prepare: (header: Header) => WeightsTarget) {
    this.#prepare = prepare;
  }

  /**
   * Stores and verifies the file's next bytes; blocks the thread for about half a millisecond per megabyte.
   * @throws WeightsError at the first byte that shows the file to be unusable; the loader cannot be used after it
   */
  write(chunk: Uint8Array): void {
    if (this.#failure !== null) throw this.#failure;
    try {
      this.#write(chunk);
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  /** @throws WeightsError if the file has not arrived whole */
  finish(): { header: Header; target: WeightsTarget } {
    if (this.#failure !== null) throw this.#failure;
    if (this.#body === null)
      throw new WeightsError(`The weights file ends within its header, after ${this.#head.length} bytes.`);
    this.#body.end();
    return { header: this.#body.header, target: this.#body.target };
  }

  #write(chunk: Uint8Array): void {
    let rest = chunk;
    while (this.#body === null && rest.length > 0) {
      const missing = this.#headerLength() - this.#head.length;
      this.#head.push(...rest.subarray(0, missing));
      rest = rest.subarray(missing);
      if (this.#head.length < this.#headerLength()) continue;
      const header = decodeHeader(Uint8Array.from(this.#head));
      this.#body = new Body(header, this.#prepare(header));
    }
    this.#body?.write(rest);
  }

  /** Known in two stages: the preamble gives the header's length. */
  #headerLength(): number {
    return this.#head.length < PREAMBLE_BYTES ? PREAMBLE_BYTES : readHeaderBytes(Uint8Array.from(this.#head));
  }
}

/** The file behind its header. Offsets are counted from there. */
class Body {
  readonly header: Header;
  readonly target: WeightsTarget;
  #received = 0;
  #verified = 0;
  #section = 0;

  constructor(header: Header, target: WeightsTarget) {
    this.header = header;
    this.target = target;
    this.#startSection();
  }

  get #bytes(): number {
    return this.header.fileBytes - this.header.headerBytes;
  }

  write(chunk: Uint8Array): void {
    if (this.#received + chunk.length > this.#bytes) {
      throw new WeightsError(
        `The weights file is longer than the ${this.header.fileBytes} bytes that its header gives.`,
      );
    }
    const { memory, plan } = this.target;
    new Uint8Array(memory.buffer).set(chunk, plan.weights + this.#received);
    this.#received += chunk.length;
    while (this.#verifyMore());
  }

  end(): void {
    if (this.#received < this.#bytes) {
      const { headerBytes, fileBytes } = this.header;
      throw new WeightsError(`The weights file ends after ${headerBytes + this.#received} of ${fileBytes} bytes.`);
    }
  }

  /** @returns whether a section ended, so that the next one can begin */
  #verifyMore(): boolean {
    const section = this.header.sections[this.#section];
    if (section === undefined) return false;
    const sectionEnd = roundToAlignment(section.offset + section.bytes);
    const arrived = Math.min(this.#received, sectionEnd);
    const blocks = Math.floor((arrived - this.#verified) / LANE_BLOCK_BYTES);
    const end = arrived === sectionEnd ? sectionEnd : this.#verified + blocks * LANE_BLOCK_BYTES;
    this.#verifyRange(section, end);
    if (end < sectionEnd) return false;
    this.#endSection(section);
    return true;
  }

  #verifyRange(section: Section, end: number): void {
    const { kernels, plan } = this.target;
    const [from, bytes] = [plan.weights + this.#verified, end - this.#verified];
    kernels.checksum(plan.checksum, from, bytes / 64);
    if (section.matrix) {
      const sum = kernels.largestLaneSum(from, bytes / LANE_BLOCK_BYTES);
      if (sum > MAX_LANE_SUM) throw laneSumError(sum);
    }
    this.#verified = end;
  }

  #endSection(section: Section): void {
    if (endChecksum(this.#checksumState()) !== this.header.checksums[this.#section]) {
      throw new WeightsError(
        `The weights file is damaged: the checksum of its section "${nameSection(section)}" is wrong.`,
      );
    }
    this.#section += 1;
    this.#startSection();
  }

  #startSection(): void {
    this.#checksumState().set(startChecksum());
  }

  #checksumState(): Int32Array {
    const { memory, plan } = this.target;
    return new Int32Array(memory.buffer, plan.checksum, 16);
  }
}
