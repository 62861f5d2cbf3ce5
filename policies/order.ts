/** Pure. Which document may follow which: KV may show an older one after a newer one. */

/**
 * Why a document of this version may not replace the one in force; null when it may. One without a version, or with 0, claims
 * no order and is taken as it comes: an edit by hand in an emergency must not fail for want of a number.
 */
export function outOfOrder(version: number, inForce: number): string | null {
  if (version === 0 || version >= inForce) return null;
  return `version ${version} is older than ${inForce}, which is in force`;
}
