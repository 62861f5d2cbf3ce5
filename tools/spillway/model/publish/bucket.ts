/** The R2 buckets that packages are published to: the local one, and the Cloudflare account's. */
import { sha256 } from "../../../../formats/sha256.ts";
import { errorLine, runWrangler, withLocalBindings, withValueFile } from "../../../process/run-wrangler.ts";
import { jurisdictionOption, type R2Bucket } from "../../../process/wrangler-config.ts";

/** The part of a bucket that publishing needs. */
export interface Bucket {
  put(key: string, bytes: Uint8Array): Promise<void>;
}

interface Bindings {
  MODELS: {
    put(key: string, value: Uint8Array, options: { sha256: ArrayBuffer }): Promise<unknown>;
  };
}

/**
 * Opens the bucket that wrangler keeps on this machine, for `work`.
 * @param persistFolder as wrangler's `--persist-to` has it
 */
export function withLocalBucket<T>(persistFolder: string, work: (bucket: Bucket) => Promise<T>): Promise<T> {
  return withLocalBindings<Bindings, T>(persistFolder, undefined, ({ MODELS }) =>
    work({
      put: async (key, bytes) => {
        await MODELS.put(key, bytes, { sha256: sha256(bytes).buffer });
      },
    }),
  );
}

/** The limit of `wrangler r2 object put`. */
const MAX_OBJECT_BYTES = 300 * 2 ** 20;

/**
 * The account's bucket, through the wrangler command that is logged in to it.
 * @returns a bucket whose `put` throws an Error with wrangler's message when the command fails
 */
export function remoteBucket({ bucketName, jurisdiction }: R2Bucket): Bucket {
  return {
    put: async (key, bytes) => {
      if (bytes.byteLength > MAX_OBJECT_BYTES) {
        throw new Error(`${key} is larger than ${MAX_OBJECT_BYTES / 2 ** 20} MiB, which wrangler does not upload.`);
      }
      const run = await withValueFile(bytes, (file) =>
        runWrangler([
          ...["r2", "object", "put", `${bucketName}/${key}`, "--file", file, "--remote"],
          ...jurisdictionOption(jurisdiction),
        ]),
      );
      if (run.code !== 0) throw new Error(`wrangler r2 object put failed: ${errorLine(run)}`);
    },
  };
}
