/**
 * Pure. How an API key is written: `spw_<id>_<secret>`. The id is public: it is shown in lists and traces. The secret is 32 random
 * bytes in base64url, whose alphabet has `_` too, so a key is taken apart by its lengths.
 */

export const ID_LENGTH = 12;
/** Five bits each, and none that is mistaken for another. */
export const ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
export const SECRET_BYTES = 32;
export const SECRET_LENGTH = 43;

const ID = "[a-z2-7]{12}";
const KEY = new RegExp(`^spw_(${ID})_[A-Za-z0-9_-]{43}$`);
const WHOLE_ID = new RegExp(`^${ID}$`);

export function keyText(id: string, secret: string): string {
  return `spw_${id}_${secret}`;
}

/** The id in a key; null where the text is none. */
export function idIn(key: string): string | null {
  return KEY.exec(key)?.[1] ?? null;
}

export function isId(text: string): boolean {
  return WHOLE_ID.test(text);
}

/** Where KV has it. */
export const KEY_PREFIX = "key:";

export function kvKeyOf(id: string): string {
  return `${KEY_PREFIX}${id}`;
}
