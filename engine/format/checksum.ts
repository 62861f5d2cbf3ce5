/**
 * The checksum of sections and header: finds damage by accident, such as flipped bits, missing or exchanged pieces. It does not
 * protect against an attacker: sign or hash the file for that.
 */

/** Bytes that one step consumes: 16 words, each with its own state. */
export const CHECKSUM_BLOCK_BYTES = 64;

const WORDS = CHECKSUM_BLOCK_BYTES / 4;
const FACTOR = 0x9e3779b1;

/** @returns the state before the first byte: 16 words */
export function startChecksum(): Int32Array {
  return Int32Array.from({ length: WORDS }, (_, index) => Math.imul(index + 1, FACTOR));
}

/** Continues a checksum over whole blocks: the plain form of the kernel `checksum`. */
export function continueChecksum(state: Int32Array, words: Int32Array): void {
  for (let index = 0; index < words.length; index++) {
    state[index % WORDS] = mix(state[index % WORDS] ?? 0, words[index] ?? 0);
  }
}

/** @returns the checksum of everything so far as an unsigned number */
export function endChecksum(state: Int32Array): number {
  return state.reduce((sum, word) => mix(sum, word), 0) >>> 0;
}

/** @returns the checksum of bytes, padded with zeros to whole blocks */
export function checksumOf(bytes: Uint8Array): number {
  const padded = new Uint8Array(Math.ceil(bytes.length / CHECKSUM_BLOCK_BYTES) * CHECKSUM_BLOCK_BYTES);
  padded.set(bytes);
  const state = startChecksum();
  continueChecksum(state, new Int32Array(padded.buffer));
  return endChecksum(state);
}

function mix(state: number, word: number): number {
  const x = state ^ word;
  return Math.imul((x << 13) | (x >>> 19), FACTOR);
}
