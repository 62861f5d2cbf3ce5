/** Creates, lists and revokes API keys in the KV namespace KEYS. A key is never deleted or replaced. */
import { randomBytes } from "node:crypto";
import { stripVTControlCharacters } from "node:util";
import {
  ID_ALPHABET,
  ID_LENGTH,
  idIn,
  isId,
  KEY_PREFIX,
  type KeyRecord,
  keyText,
  kvKeyOf,
  parseKeyRecord,
  SECRET_BYTES,
} from "../../../formats/api-key.ts";
import { isObject, type JsonObject, parseJson } from "../../../formats/json.ts";
import { sha256Hex } from "../../../formats/sha256.ts";
import type { Kv } from "../kv/kv.ts";

export type KeysKv = Pick<Kv, "get" | "put" | "all">;
export type NewRecord = Pick<KeyRecord, "name" | "scopes" | "expiresAt" | "limits">;

export interface Listed {
  id: string;
  /** Null when the stored value is not a record of a key. */
  record: KeyRecord | null;
}

/**
 * Stores a new key as its SHA-256.
 * @param generate creates the key; tests replace it
 * @throws Error with one sentence when the id is in use; nothing is stored then
 */
export async function createKey(
  kv: Pick<KeysKv, "get" | "put">,
  wanted: NewRecord,
  now: Date,
  generate = newKey,
): Promise<NewKey> {
  const created = generate();
  if ((await kv.get(kvKeyOf(created.id))) !== null) {
    throw new Error(`The key ${created.id} already exists. Nothing was saved. Run the command again.`);
  }
  const record: KeyRecord = { ...wanted, sha256: created.sha256, createdAt: now.toISOString(), revokedAt: null };
  await kv.put(kvKeyOf(created.id), storedText(record));
  return created;
}

/** @returns the keys in order of creation */
export async function listKeys(kv: KeysKv): Promise<Listed[]> {
  const stored = [...(await kv.all(KEY_PREFIX))];
  return stored
    .map(([name, text]) => ({ id: name.slice(KEY_PREFIX.length), record: parseKeyRecord(text) }))
    .sort((a, b) => createdAt(a).localeCompare(createdAt(b)) || a.id.localeCompare(b.id));
}

export interface Revoked {
  id: string;
  name: string;
  revokedAt: string;
  /** It was revoked earlier: nothing was written. */
  wasRevoked: boolean;
}

/**
 * Revokes a key.
 * @param named its id, or the whole key: a user who found a leaked key does not know its id
 * @throws Error with one sentence when there is no such key
 */
export async function revokeKey(kv: KeysKv, named: string, now: Date): Promise<Revoked> {
  const id = idIn(named) ?? named.replace(/^(spw_|key:)/, "");
  const text = isId(id) ? await kv.get(kvKeyOf(id)) : null;
  if (text === null) throw new Error(await noSuchKey(kv, id));
  const record = parseKeyRecord(text);
  const document = parseJson(text);
  if (record === null || !isObject(document)) {
    throw new Error(
      `The value of ${kvKeyOf(id)} is not a record of a key, so the gateway rejects the key. Print it with wrangler kv key get.`,
    );
  }
  const { revokedAt } = record;
  const name = plainName(record.name);
  if (revokedAt !== null) return { id, name, revokedAt, wasRevoked: true };
  // The stored document, not the parsed record: it may have fields of a later version.
  const tombstone = { ...document, revokedAt: now.toISOString() };
  await kv.put(kvKeyOf(id), storedText(tombstone));
  return { id, name, revokedAt: tombstone.revokedAt, wasRevoked: false };
}

async function noSuchKey(kv: KeysKv, id: string): Promise<string> {
  // Text that is not an id is not repeated: it may be a part of a key.
  const problem = isId(id) ? `There is no key ${id}` : "Invalid key id: an id has 12 lowercase letters and digits";
  const active = (await listKeys(kv)).filter(({ record }) => record?.revokedAt === null);
  if (active.length === 0) return `${problem}. There are no active keys; see spillway keys list.`;
  const shown = active.slice(-10).map(({ id, record }) => `${id} (${plainName(record?.name ?? "")})`);
  return `${problem}. Active keys: ${active.length > 10 ? "… " : ""}${shown.join(", ")}; see spillway keys list.`;
}

const createdAt = ({ record }: Listed) => record?.createdAt ?? "";

function storedText(record: KeyRecord | JsonObject): string {
  return JSON.stringify(record);
}

export interface NewKey {
  id: string;
  /** Shown once. It cannot be recovered from what is stored. */
  key: string;
  sha256: string;
}

/** @returns a random key and its SHA-256, which is stored in its place */
export function newKey(): NewKey {
  // An alphabet of 32 letters uses five bits of a byte, so that all letters are equally likely.
  const id = Array.from(randomBytes(ID_LENGTH), (byte) => ID_ALPHABET[byte % ID_ALPHABET.length]).join("");
  const key = keyText(id, randomBytes(SECRET_BYTES).toString("base64url"));
  return { id, key, sha256: sha256Hex(key) };
}

/** @returns a key's name without control characters: everyone who can write to KV can choose it */
export function plainName(name: string): string {
  return stripVTControlCharacters(name).replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ");
}
