/**
 * Runs `work` over the items, at most `atOnce` concurrently, and resolves to the results in the items' order. Once
 * `shouldContinue` is false for a result, no new item is started; items that were never started have no result.
 */
export async function runOrdered<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
  shouldContinue: (result: R) => boolean,
): Promise<R[]> {
  const results = new Map<number, R>();
  const rest = items.entries();
  let stopped = false;
  const worker = async () => {
    for (const [index, item] of rest) {
      const result = await work(item);
      results.set(index, result);
      stopped ||= !shouldContinue(result);
      if (stopped) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
}
