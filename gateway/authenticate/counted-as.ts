/** Pure. Whom a request is counted against, in memory alone: a key by its id, a caller without one by the address. */
export function countedAs(keyId: string | null, address: string): string {
  return keyId === null ? `address:${address}` : `key:${keyId}`;
}
