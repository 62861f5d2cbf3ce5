/** 64-bit whole numbers as protobufjs carries them: a bound such as 2^63 - 1 does not fit into a JavaScript number. */

/** Two's complement in two 32-bit halves. */
export interface Int64 {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
}

const HALF = 2 ** 32;
const BYTES = 8;

/** @throws RangeError when the number is not a safe whole one. */
export function int64(value: number): Int64 {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a whole number below 2^53.`);
  return { low: value | 0, high: Math.floor(value / HALF) | 0, unsigned: false };
}

/** The nearest number: exact up to 2^53, and beyond it still far larger than any dimension. */
export function toNumber({ low, high, unsigned }: Int64): number {
  return (unsigned ? high >>> 0 : high) * HALF + (low >>> 0);
}

/** Little-endian, as a tensor's raw data holds them. */
export function int64Bytes(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) {
    const { low, high } = int64(value);
    view.setInt32(index * BYTES, low, true);
    view.setInt32(index * BYTES + BYTES / 2, high, true);
  }
  return bytes;
}

export function int64sOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.byteLength / BYTES) }, (_, index) =>
    toNumber({
      low: view.getInt32(index * BYTES, true),
      high: view.getInt32(index * BYTES + BYTES / 2, true),
      unsigned: false,
    }),
  );
}
