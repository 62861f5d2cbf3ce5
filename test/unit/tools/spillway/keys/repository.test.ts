import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { kvKeyOf, parseKeyRecord } from "../../../../../formats/api-key.ts";
import { createKey, listKeys, newKey, revokeKey } from "../../../../../tools/spillway/keys/repository.ts";
import { fakeKv } from "../../../policies/versions/fake-kv.ts";

const NOW = new Date("2026-11-24T10:00:00Z");
const wanted = (name: string) => ({ name, scopes: ["classify"], expiresAt: null, limits: {} });

async function withTwo() {
  const kv = fakeKv();
  const ann = await createKey(kv, wanted("Ann"), NOW);
  const ben = await createKey(kv, wanted("Ben"), new Date(NOW.getTime() + 1));
  return { kv, ann, ben };
}

describe("a new key", () => {
  it("is stored as its SHA-256, and in no form from which it can be recovered", async () => {
    const { kv, ann } = await withTwo();
    const text = kv.values.get(kvKeyOf(ann.id)) ?? "";
    expect(parseKeyRecord(text)).toEqual({
      ...wanted("Ann"),
      sha256: createHash("sha256").update(ann.key).digest("hex"),
      createdAt: "2026-11-24T10:00:00.000Z",
      revokedAt: null,
    });
    expect([...kv.values].join()).not.toContain(ann.key.slice(-43));
  });

  it("never replaces another key", async () => {
    const { kv, ann } = await withTwo();
    const before = kv.values.get(kvKeyOf(ann.id));
    const again = () => ({ ...newKey(), id: ann.id });
    await expect(createKey(kv, wanted("Cal"), NOW, again)).rejects.toThrow(
      /^The key \w{12} already exists\. Nothing was saved/,
    );
    expect(kv.values.get(kvKeyOf(ann.id))).toBe(before);
  });
});

describe("a key that is revoked", () => {
  it.each([
    ["its id", ({ id }: { id: string }) => id],
    ["the key itself", ({ key }: { key: string }) => key],
    ["its id with the prefix of a key", ({ id }: { id: string }) => `spw_${id}`],
  ])("is identified by %s, and stays as a tombstone with all of its fields", async (_, named) => {
    const { kv, ann, ben } = await withTwo();
    const stored = JSON.parse(kv.values.get(kvKeyOf(ann.id)) ?? "");
    kv.values.set(kvKeyOf(ann.id), JSON.stringify({ ...stored, ofALaterVersion: 1 }));
    expect(await revokeKey(kv, named(ann), NOW)).toMatchObject({ id: ann.id, name: "Ann", wasRevoked: false });
    expect(JSON.parse(kv.values.get(kvKeyOf(ann.id)) ?? "")).toEqual({
      ...stored,
      ofALaterVersion: 1,
      revokedAt: "2026-11-24T10:00:00.000Z",
    });
    expect((await listKeys(kv)).map(({ record }) => record?.revokedAt)).toEqual(["2026-11-24T10:00:00.000Z", null]);
    expect((await revokeKey(kv, ben.id, NOW)).wasRevoked).toBe(false);
  });

  it("stays revoked: a second revocation writes nothing", async () => {
    const { kv, ann } = await withTwo();
    await revokeKey(kv, ann.id, NOW);
    kv.writes.length = 0;
    const later = new Date(NOW.getTime() + 60_000);
    expect(await revokeKey(kv, ann.id, later)).toMatchObject({ wasRevoked: true, revokedAt: NOW.toISOString() });
    expect(kv.writes).toEqual([]);
  });

  it("must exist: otherwise the message lists the active keys", async () => {
    const { kv, ann, ben } = await withTwo();
    await revokeKey(kv, ann.id, NOW);
    await expect(revokeKey(kv, "zzzzzzzzzzzz", NOW)).rejects.toThrow(
      `There is no key zzzzzzzzzzzz. Active keys: ${ben.id} (Ben); see spillway keys list.`,
    );
    await expect(revokeKey(fakeKv(), "zzzzzzzzzzzz", NOW)).rejects.toThrow(/\. There are no active keys; /);
  });

  it("is not repeated in the message when the argument may be a part of a key", async () => {
    const { kv, ann } = await withTwo();
    const half = ann.key.slice(0, 40);
    await expect(revokeKey(kv, half, NOW)).rejects.toThrow(/^Invalid key id: an id has 12 lowercase letters/);
    await expect(revokeKey(kv, half, NOW)).rejects.not.toThrow(half.slice(-20));
  });

  it("but whose value is not a record is an error, and nothing is written", async () => {
    const { kv, ann } = await withTwo();
    kv.values.set(kvKeyOf(ann.id), "{");
    kv.writes.length = 0;
    await expect(revokeKey(kv, ann.id, NOW)).rejects.toThrow(
      /is not a record of a key, so the gateway rejects the key/,
    );
    expect(kv.writes).toEqual([]);
    expect((await listKeys(kv)).find(({ id }) => id === ann.id)).toEqual({ id: ann.id, record: null });
  });

  it("may have a name with control characters, which are not printed", async () => {
    const { kv } = await withTwo();
    await createKey(kv, wanted("Eve\u001b[2J\u202e"), NOW);
    await expect(revokeKey(kv, "zzzzzzzzzzzz", NOW)).rejects.toThrow(/\(Eve ?\)/);
  });
});
