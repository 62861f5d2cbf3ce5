/** The ids of all stored keys, as one isolate last listed them in KV: behind a blocked address, an id that no key has costs no read. */
import { KEY_PREFIX } from "../../formats/api-key.ts";
import { type KvClock, KvValue } from "../../policies/kv-value.ts";

/** A new key is found this long after KV lists it. */
export const LISTED_EVERY_MS = 30_000;
/** KV lists at most 1,000 names at once, for ten times the price of a read. https://developers.cloudflare.com/kv/api/list-keys/ */
const MAX_PAGES = 10;
/** A request waits for its list this long. Requests that arrive meanwhile do not wait. */
const MAX_WAIT_MS = 1500;

const TIMES = { freshMs: LISTED_EVERY_MS, askAgainMs: 15_000, warmWaitMs: MAX_WAIT_MS, coldWaitMs: MAX_WAIT_MS };

export interface ListKv {
  list(options: { prefix: string; cursor: string | null }): Promise<{
    keys: readonly { name: string }[];
    list_complete: boolean;
    cursor?: string;
  }>;
}

export class ListedIds {
  readonly #ids: KvValue<ReadonlySet<string>>;

  constructor(kv: ListKv, clock: KvClock) {
    this.#ids = new KvValue<ReadonlySet<string>>({
      times: TIMES,
      clock,
      load: () => listIds(kv),
      // Always: without a list no id is listed, and the list is asked for at most once in `askAgainMs`, however many requests arrive.
      mayServe: () => true,
      loaded: () => {},
      // Unlisted ids have their turn all the same, and the reads of single keys report what is wrong with KV.
      failed: () => {},
    });
  }

  /**
   * Whether a key with this id was stored when the ids were last listed. False without a list, and for a key beyond the first 10,000.
   * @param keepAlive keeps the request's context alive, so that a late list still counts
   * @returns `asked`: whether KV was asked, which is billed
   */
  async has(id: string, keepAlive: (work: Promise<unknown>) => void): Promise<{ isListed: boolean; asked: boolean }> {
    const { value, asked } = await this.#ids.read(keepAlive);
    return { isListed: value?.has(id) ?? false, asked };
  }
}

async function listIds(kv: ListKv): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const listed: Awaited<ReturnType<ListKv["list"]>> = await kv.list({ prefix: KEY_PREFIX, cursor });
    for (const { name } of listed.keys) ids.add(name.slice(KEY_PREFIX.length));
    cursor = listed.cursor ?? null;
    if (listed.list_complete || cursor === null) break;
  }
  return ids;
}
