/** Pure. The order of the combining characters that BertNormalizer's strip_accents leaves in a text. */

/** Characters that the reference's old tables do not call nonspacing marks, with a combining class other than 230. */
const CLASSES: readonly (readonly [number, readonly number[]])[] = [
  [7, [0x11446, 0x1e94a]],
  [9, [0x1b44, 0x1baa, 0x1bf2, 0x1bf3, 0xa953, 0xa9c0, 0x111c0, 0x11235, 0x1134d, 0x11442, 0x116b6, 0x11c3f]],
  [216, [0x1d165, 0x1d166, 0x1d16e, 0x1d16f, 0x1d170, 0x1d171, 0x1d172]],
  [224, [0x302e, 0x302f]],
  [226, [0x1d16d]],
];

/** @param mark a character with a combining class other than 0 that strip_accents keeps */
export function combiningClass(mark: number): number {
  return CLASSES.find(([, marks]) => marks.includes(mark))?.[0] ?? 230;
}
