/** The KV and R2 of a running system. */
import { AsyncLocalStorage } from "node:async_hooks";
import { type LocalStores, withLocalStores } from "../../../tools/process/local-stores.ts";

export interface OpenStores {
  /** Opens them when they are asked for first: that starts a workerd. They stay open. */
  stores(): Promise<LocalStores>;
  /** Runs a command of this process in which they are open: it need not start another workerd. */
  withStores<T>(work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

interface Opened {
  stores: LocalStores;
  /** Runs a function inside of the opening. */
  inside: <T>(work: () => T) => T;
}

/** @param stateFolder of the system */
export function openStores(stateFolder: string): OpenStores {
  const closing = Promise.withResolvers<void>();
  let opening: Promise<Opened> | null = null;
  let ended: Promise<void> = Promise.resolve();
  const open = () =>
    new Promise<Opened>((resolve, reject) => {
      ended = withLocalStores(`${stateFolder}/wrangler`, (stores) => {
        resolve({ stores, inside: AsyncLocalStorage.snapshot() });
        return closing.promise;
      }).catch(reject);
    });
  const opened = () => {
    opening ??= open();
    return opening;
  };
  return {
    stores: async () => (await opened()).stores,
    withStores: async (work) => (await opened()).inside(work),
    close() {
      closing.resolve();
      return ended;
    },
  };
}
