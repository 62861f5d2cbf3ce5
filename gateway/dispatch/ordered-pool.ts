export interface PoolBounds<T> {
  /** Items that run at once. */
  atOnce: number;
  weightOf(item: T): number;
  /** Of all items that run at once. An item that is heavier runs by itself. */
  maxWeight: number;
}

/**
 * Runs `work` over the items within the bounds, and resolves to the results in the items' order. Once `shouldContinue` is false for a
 * result, no new item is started; items that were never started have no result.
 */
export async function runOrdered<T, R>(
  items: readonly T[],
  { atOnce, weightOf, maxWeight }: PoolBounds<T>,
  work: (item: T) => Promise<R>,
  shouldContinue: (result: R) => boolean,
): Promise<R[]> {
  const results = new Map<number, R>();
  const running = new Set<Promise<void>>();
  let weight = 0;
  let stopped = false;
  const run = async (item: T, index: number, own: number) => {
    try {
      const result = await work(item);
      results.set(index, result);
      stopped ||= !shouldContinue(result);
    } finally {
      weight -= own;
    }
  };
  for (const [index, item] of items.entries()) {
    const own = weightOf(item);
    while (running.size > 0 && (running.size >= atOnce || weight + own > maxWeight)) await Promise.race(running);
    if (stopped) break;
    weight += own;
    const one = run(item, index, own);
    running.add(one);
    const leave = () => running.delete(one);
    one.then(leave, leave);
  }
  await Promise.all(running);
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
}
