/** Pure. Writes the binary form of SentencePiece's normalization rules. */

/** Units are 32 bits: label in the low byte, bit 8 if a value follows, offset from bit 10. */
const HAS_VALUE = 1 << 8;
const OFFSET_SHIFT = 10;

/**
 * A charsmap whose keys are ASCII characters, for tests and probes: each has its own block of the double array.
 * @returns its bytes: the trie's size in bytes, the trie, the replacements, each ended by a zero byte
 */
export function charsmapOf(rules: Readonly<Record<string, string>>): Uint8Array {
  const keys = Object.keys(rules);
  const units = new Uint32Array(256 * (keys.length + 3));
  units[0] = 256 << OFFSET_SHIFT;
  let replacements = "";
  keys.forEach((key, index) => {
    const label = key.charCodeAt(0);
    const node = 256 ^ label;
    const valueAt = 256 * (index + 2);
    units[node] = label | HAS_VALUE | ((node ^ valueAt) << OFFSET_SHIFT);
    units[valueAt] = new TextEncoder().encode(replacements).length;
    replacements += `${rules[key]}\0`;
  });
  const text = new TextEncoder().encode(replacements);
  const bytes = new Uint8Array(4 + units.byteLength + text.length);
  new DataView(bytes.buffer).setUint32(0, units.byteLength, true);
  bytes.set(new Uint8Array(units.buffer), 4);
  bytes.set(text, 4 + units.byteLength);
  return bytes;
}
