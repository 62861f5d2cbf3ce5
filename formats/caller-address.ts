/** Pure. The caller's address, for counting in memory. It is in no trace, log or store. */

/** Set by Cloudflare. A value that the caller sends is replaced. */
const HEADER = "cf-connecting-ip";
/** The zone of the Worker that called. Cloudflare sets it for the calls of Workers; a caller outside can send it too. */
const WORKER_HEADER = "cf-worker";
/** Cloudflare shows this one address for the calls of all Workers of other zones. https://developers.cloudflare.com/fundamentals/reference/http-headers/ */
const WORKERS_NETWORK = "2a06:98c0:3600:0";

/**
 * @returns the address. For IPv6 its /64 network: a subscriber has at least that many addresses. For a Worker of another zone also its zone.
 * "unknown" when there is none.
 */
export function addressOf(headers: { get(name: string): string | null }): string {
  const address = headers.get(HEADER)?.trim().toLowerCase() ?? "";
  if (!address.includes(":")) return address === "" ? "unknown" : address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const network = networkOf(address);
  const zone = network === WORKERS_NETWORK ? headers.get(WORKER_HEADER)?.trim().toLowerCase() : undefined;
  return zone ? `${network}::/64 ${zone}` : `${network}::/64`;
}

/** The first four groups. `::` stands for as many zeros as are missing. */
function networkOf(address: string): string {
  const [before = "", after] = address.split("::");
  const groups = (text: string | undefined) => (text === undefined || text === "" ? [] : text.split(":"));
  const [head, tail] = [groups(before), groups(after)];
  const zeros = after === undefined ? 0 : Math.max(0, 8 - head.length - tail.length);
  const all = [...head, ...Array.from({ length: zeros }, () => "0"), ...tail];
  return all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
