import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { idIn, isId, keyText, parseKeyRecord } from "../../../formats/api-key.ts";
import { newKey } from "../../../tools/spillway/keys/repository.ts";

const ID = "abcdefghij27";

describe("a key", () => {
  it("is split by lengths, because the alphabet of the secret contains the separator", () => {
    for (const secret of ["_".repeat(43), "-".repeat(43), `_${"a".repeat(41)}_`]) {
      expect(idIn(keyText(ID, secret))).toBe(ID);
    }
  });

  it.each([
    "",
    "spw_",
    ID,
    `spw_${ID}`,
    `spw_${ID}_`,
    `spw_${ID}_${"a".repeat(42)}`,
    `spw_${ID}_${"a".repeat(44)}`,
    `spw_${ID}_${"a".repeat(42)}+`,
    `spw_${ID.toUpperCase()}_${"a".repeat(43)}`,
    `spw_abcdefghij18_${"a".repeat(43)}`,
    `SPW_${ID}_${"a".repeat(43)}`,
    `spw_${ID}_${"a".repeat(43)}\n`,
    ` spw_${ID}_${"a".repeat(43)}`,
    `spw_../../policy_${"a".repeat(43)}`,
  ])("is not %j", (text) => {
    expect(idIn(text)).toBeNull();
  });

  it("is never a random text, and any text can be parsed", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 80 }), (text) => idIn(text) === null));
  });

  it("is generated in this form, and never twice", () => {
    const created = Array.from({ length: 1000 }, newKey);
    for (const { id, key } of created) expect([idIn(key), isId(id), key.length]).toEqual([id, true, 60]);
    expect(new Set(created.map(({ id }) => id)).size).toBe(1000);
    // All letters of an id are equally likely: each of the 32 occurs.
    expect(new Set(created.flatMap(({ id }) => [...id])).size).toBe(32);
  });
});

describe("a record of a key", () => {
  const record = {
    name: "a test",
    sha256: "0".repeat(64),
    scopes: ["classify"],
    createdAt: "2026-11-01T00:00:00Z",
    expiresAt: null,
    revokedAt: null,
  };

  it("is read, also after a byte order mark", () => {
    expect(parseKeyRecord(JSON.stringify(record))).toEqual(record);
    expect(parseKeyRecord(`\ufeff${JSON.stringify(record)}`)).toEqual(record);
  });

  it.each([
    ["with a field that is given twice", JSON.stringify(record).replace("{", '{"revokedAt": "2026-11-02T00:00:00Z", ')],
    [
      "with the limits given twice",
      JSON.stringify({ ...record, limits: {} }).replace("{", '{"limits": {"inputs": 1}, '),
    ],
    ["that is not JSON", "{"],
    ["without a field", "{}"],
  ])("%s is none", (_, text) => {
    expect(parseKeyRecord(text)).toBeNull();
  });
});
