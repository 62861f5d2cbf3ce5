import { describe, expect, it } from "vitest";
import type { KeyRecord } from "../../../../formats/api-key.ts";
import { verifyKey } from "../../../../gateway/authenticate/verify-key.ts";
import { newKey } from "../../../../tools/spillway/keys/repository.ts";

const NOW_MS = Date.parse("2026-11-01T00:00:00Z");
const { key, sha256 } = newKey();
const record: KeyRecord = {
  name: "Ann",
  sha256,
  scopes: ["classify"],
  createdAt: "2026-01-01T00:00:00Z",
  expiresAt: null,
  revokedAt: null,
};

describe("a key is", () => {
  it.each<[string, string, Partial<KeyRecord> | null, string]>([
    ["valid", key, {}, "valid"],
    ["valid up to its end", key, { expiresAt: "2026-11-01T00:00:00.001Z" }, "valid"],
    ["expired at its end", key, { expiresAt: "2026-11-01T00:00:00Z" }, "key-expired"],
    ["revoked", key, { revokedAt: "2026-10-01T00:00:00Z" }, "key-revoked"],
    [
      "revoked, also when it is expired",
      key,
      { revokedAt: "2026-10-01T00:00:00Z", expiresAt: "2026-01-01T00:00:00Z" },
      "key-revoked",
    ],
    ["unknown with another secret", newKey().key, {}, "key-unknown"],
    [
      "unknown with another secret, also when it is revoked",
      newKey().key,
      { revokedAt: "2026-10-01T00:00:00Z" },
      "key-unknown",
    ],
    ["unknown when nothing is stored", key, null, "key-unknown"],
  ])("%s", (_, sent, values, expected) => {
    expect(verifyKey(sent, values === null ? null : { ...record, ...values }, NOW_MS).is).toBe(expected);
  });
});
