/** The KV and R2 of a running system. */
import { withLocalBindings } from "../../../tools/process/run-wrangler.ts";

export interface Stores {
  POLICIES: { put(key: string, text: string): Promise<void>; delete(key: string): Promise<void> };
  MODELS: { put(key: string, bytes: Uint8Array): Promise<unknown> };
}

export interface OpenStores {
  /** Opens them when they are asked for first: that starts a workerd. They stay open. */
  stores(): Promise<Stores>;
  close(): Promise<void>;
}

/** @param stateFolder of the system */
export function openStores(stateFolder: string): OpenStores {
  const closing = Promise.withResolvers<void>();
  let opened: Promise<Stores> | null = null;
  let ended: Promise<void> = Promise.resolve();
  const open = () =>
    new Promise<Stores>((resolve, reject) => {
      ended = withLocalBindings<Stores, void>(`${stateFolder}/wrangler`, undefined, (stores) => {
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
