/** The KV and R2 of a running system. */
import { type LocalStores, withLocalStores } from "../../../tools/process/local-stores.ts";

export interface OpenStores {
  /** Opens them when they are asked for first: that starts a workerd. They stay open. */
  stores(): Promise<LocalStores>;
  close(): Promise<void>;
}

/** @param stateFolder of the system */
export function openStores(stateFolder: string): OpenStores {
  const closing = Promise.withResolvers<void>();
  let opened: Promise<LocalStores> | null = null;
  let ended: Promise<void> = Promise.resolve();
  const open = () =>
    new Promise<LocalStores>((resolve, reject) => {
      ended = withLocalStores(`${stateFolder}/wrangler`, (stores) => {
        resolve(stores);
        return closing.promise;
      }).catch(reject);
    });
  return {
    stores() {
      opened ??= open();
      return opened;
    },
    close() {
      closing.resolve();
      return ended;
    },
  };
}
