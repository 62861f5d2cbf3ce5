/** ECDSA signatures between DER and r‖s. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeHex, encodeHex } from "../../../../formats/encodings.ts";
import { derFromRaw, rawFromDer } from "../../../../formats/signature/der.ts";

const one = `${"00".repeat(31)}01`;
const top = `80${"00".repeat(31)}`;
const full = "ff".repeat(32);

const valid: [what: string, der: string, raw: string][] = [
  ["small integers, which are padded to the curve's size", "3006020101020101", one + one],
  ["a leading zero before a set top bit, which is removed", `3026022100${top}020101`, top + one],
  ["both integers at their largest", `3046022100${full}022100${full}`, full + full],
  ["an integer that is one byte short", `302402${"1f"}${"7f".repeat(31)}020101`, `00${"7f".repeat(31)}${one}`],
  ["zero, which is valid DER although no curve accepts it", "3006020100020101", `${"00".repeat(32)}${one}`],
];

const malformed: [what: string, der: string][] = [
  ["nothing", ""],
  ["a sequence that ends before its length", "30060201010201"],
  ["bytes after the sequence", "300602010102010100"],
  ["bytes after the second integer", "3008020101020101" + "0500"],
  ["only one integer", "3003020101"],
  ["another tag than a sequence", "3106020101020101"],
  ["another type than an integer", "3006040101020101"],
  ["an integer of no bytes", "30050200020101"],
  ["a negative integer", "3006020180020101"],
  ["a leading zero that is not needed", "300702020001020101"],
  ["a zero in two bytes", "300702020000020101"],
  ["a sequence's length in the long form", "308106020101020101"],
  ["an integer's length in the long form", "300702810101020101"],
  ["an indefinite length", "30800201010201010000"],
  ["an integer longer than the curve's", `3026${"0221"}01${"00".repeat(32)}020101`],
  ["an integer that reaches past the sequence", "3006020101020401"],
];

describe("rawFromDer", () => {
  it.each(valid)("accepts %s", (_, der, raw) => {
    expect(encodeHex(rawFromDer(decodeHex(der), 32) ?? new Uint8Array())).toBe(raw);
    expect(encodeHex(derFromRaw(decodeHex(raw)))).toBe(der);
  });

  it.each(malformed)("refuses %s", (_, der) => {
    expect(rawFromDer(decodeHex(der), 32)).toBeNull();
  });

  it.each([32, 48])("returns every signature of two integers of %i bytes unchanged", (size) => {
    const leading = fc.array(fc.constant(0), { maxLength: size });
    const integer = fc
      .tuple(leading, fc.uint8Array({ minLength: size, maxLength: size }))
      .map(([zeros, bytes]) => [...zeros, ...bytes].slice(0, size));
    fc.assert(
      fc.property(integer, integer, (r, s) => {
        const raw = Uint8Array.from([...r, ...s]);
        expect(rawFromDer(derFromRaw(raw), size)).toEqual(raw);
      }),
    );
  });

  it("accepts only one encoding of a signature", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const raw = rawFromDer(bytes, 32);
        if (raw !== null) expect(derFromRaw(raw)).toEqual(Uint8Array.from(bytes));
      }),
      { numRuns: 2000, examples: malformed.map(([, der]) => [decodeHex(der)]) },
    );
  });
});
