/** Pure. The `server-timing` header as numbers: `queue;dur=1, edge;dur=20` → `{ queue: 1, edge: 20 }`, in ms. */
export function parseServerTiming(header: string | null): Record<string, number> {
  const entries = (header ?? "").split(",").flatMap((part): [string, number][] => {
    const match = /^\s*([\w-]+)\s*;\s*dur=([\d.]+)\s*$/.exec(part);
    return match?.[1] === undefined ? [] : [[match[1], Number(match[2])]];
  });
  return Object.fromEntries(entries);
}
