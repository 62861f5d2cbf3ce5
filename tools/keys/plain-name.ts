/** A key's name as a terminal may show it: whoever can write to KV could have put anything there. */
import { stripVTControlCharacters } from "node:util";

export function plainName(name: string): string {
  return stripVTControlCharacters(name).replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ");
}
