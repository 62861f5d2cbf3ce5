/** Makes, lists and revokes keys in the KV namespace KEYS. A key is never deleted, and none is ever written over. */

import { createHash, randomBytes } from "node:crypto";
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
import type { Kv } from "../kv/kv.ts";
import { isObject, type JsonObject, parseJson } from "../../../formats/json.ts";

export type KeysKv = Pick<Kv, "get" | "put" | "all">;
export type NewRecord = Pick<KeyRecord, "name" | "scopes" | "expiresAt" | "limits">;

/** `record` is null where something else is stored under that id. */
export interface Listed {
  id: string;
  record: KeyRecord | null;
}

/** @throws Error with one sentence; nothing is stored then */
export async function createKey(
  kv: Pick<KeysKv, "get" | "put">,
  wanted: NewRecord,
  now: Date,
  make = newKey,
): Promise<NewKey> {
  const made = make();
  if ((await kv.get(kvKeyOf(made.id))) !== null) {
    throw new Error(`There is a key ${made.id} already, and nothing was stored; run the command again.`);
  }
  const record: KeyRecord = { ...wanted, sha256: made.sha256, createdAt: now.toISOString(), revokedAt: null };
  await kv.put(kvKeyOf(made.id), storedText(record));
  return made;
}

/** In order of creation. */
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
  /** Nothing was written then. */
  before: boolean;
}

/** `named` is an id, or a whole key: whoever has found one somewhere has nothing else. @throws Error with one sentence */
export async function revokeKey(kv: KeysKv, named: string, now: Date): Promise<Revoked> {
  const id = idIn(named) ?? named.replace(/^(spw_|key:)/, "");
  const text = isId(id) ? await kv.get(kvKeyOf(id)) : null;
  if (text === null) throw new Error(await noSuchKey(kv, id));
  const record = parseKeyRecord(text);
  const document = parseJson(text);
  if (record === null || !isObject(document)) {
    throw new Error(
      `What is stored as ${kvKeyOf(id)} is no record of a key, so it lets nobody in; look at it with wrangler kv key get.`,
    );
  }
  const { revokedAt } = record;
  const name = plainName(record.name);
  if (revokedAt !== null) return { id, name, revokedAt, before: true };
  // The document as it was: it may have fields of a later version.
  const tombstone = { ...document, revokedAt: now.toISOString() };
  await kv.put(kvKeyOf(id), storedText(tombstone));
  return { id, name, revokedAt: tombstone.revokedAt, before: false };
}

async function noSuchKey(kv: KeysKv, id: string): Promise<string> {
  // What is no id could be half of a key.
  const asked = isId(id) ? `There is no key ${id}` : "That is no key's id, which has 12 lowercase letters and digits";
  const known = (await listKeys(kv)).filter(({ record }) => record?.revokedAt === null);
  if (known.length === 0) return `${asked}; there is none that could be revoked: see spillway keys list.`;
  const shown = known.slice(-10).map(({ id, record }) => `${id} (${plainName(record?.name ?? "")})`);
  return `${asked}; there are ${known.length > 10 ? "… " : ""}${shown.join(", ")}: see spillway keys list.`;
}

const createdAt = ({ record }: Listed) => record?.createdAt ?? "";

function storedText(record: KeyRecord | JsonObject): string {
  return JSON.stringify(record);
}

/** A key that nobody can guess, and what is stored of it. */

export interface NewKey {
  id: string;
  /** Known only to who gets it: it cannot be had again. */
  key: string;
  sha256: string;
}

export function newKey(): NewKey {
  // 32 letters: five bits of a byte, each as likely as any.
  const id = Array.from(randomBytes(ID_LENGTH), (byte) => ID_ALPHABET[byte % ID_ALPHABET.length]).join("");
  const key = keyText(id, randomBytes(SECRET_BYTES).toString("base64url"));
  return { id, key, sha256: createHash("sha256").update(key).digest("hex") };
}

/** A key's name as a terminal may show it: whoever can write to KV could have put anything there. */

export function plainName(name: string): string {
  return stripVTControlCharacters(name).replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ");
}
