/** Pieces become one block. */
import { expect, it } from "vitest";
import { Gathered } from "../../../../gateway/receive/body.ts";

it("pieces of any size are one text in their order", () => {
  const whole = Uint8Array.from({ length: 200_000 }, (_, at) => at % 251);
  for (const sizes of [[1], [1, 7, 100], [8192], [100_000], [199_999, 1]]) {
    const gathered = new Gathered();
    for (let at = 0, turn = 0; at < whole.length; turn++) {
      const size = sizes[turn % sizes.length] ?? 1;
      gathered.add(whole.subarray(at, at + size));
      at += size;
    }
    expect(Buffer.compare(gathered.bytes, whole)).toBe(0);
    expect(gathered.size).toBe(whole.length);
  }
});

it("a million pieces of one byte cost one block of at most twice their size", () => {
  const gathered = new Gathered();
  const piece = new Uint8Array(1);
  for (let at = 0; at < 1_000_000; at++) gathered.add(piece);
  expect(gathered.bytes.buffer.byteLength).toBeLessThanOrEqual(2_000_000 + 8192);
});
