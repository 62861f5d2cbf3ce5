/** Pure. A caller's key in a message. */

/** A name as parameters have it. Any other key could be a part of the caller's text, and is not repeated. */
const PLAIN_KEY = /^[a-z]+([_-][a-z]+)*$/i;
const MAX_KEY_CHARACTERS = 40;

/**
 * @param where the place in words, if the key is not repeated
 * @param prefix the path to the key
 */
export function shownKey(key: string, where: string, prefix = ""): string {
  return PLAIN_KEY.test(key) && key.length <= MAX_KEY_CHARACTERS ? `\`${prefix}${key}\`` : `A key of ${where}`;
}
