/** Pure. The caller's address, to count by in memory. It goes to no trace, log or store. */

/** Cloudflare sets this header itself, whatever the caller sends in it. */
const HEADER = "cf-connecting-ip";

/** Of an IPv6 address the network, /64: a subscriber has at least so many, and could take a new one for each request. */
export function addressOf(headers: { get(name: string): string | null }): string {
  const address = headers.get(HEADER)?.trim().toLowerCase() ?? "";
  if (!address.includes(":")) return address === "" ? "unknown" : address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  return mapped ?? `${networkOf(address)}::/64`;
}

/** The first four groups; `::` stands for as many zeros as there is room for. */
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
