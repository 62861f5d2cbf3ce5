/** The R2 buckets that packages are published to: the local one, and the Cloudflare account's. */
import { readFile } from "node:fs/promises";
import { withLocalStores } from "../../../process/local-stores.ts";
import { errorLine, runWrangler, whatIsMissing, withValueFile } from "../../../process/run-wrangler.ts";
import { jurisdictionOption, type R2Bucket } from "../../../process/wrangler-config.ts";

/** The part of a bucket that publishing needs. */
export interface Bucket {
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** @returns null if there is no such object */
  get(key: string): Promise<Uint8Array | null>;
}

/**
 * Opens the bucket that wrangler keeps on this machine, for `work`.
 * @param persistFolder as wrangler's `--persist-to` has it
 */
export function withLocalBucket<T>(persistFolder: string, work: (bucket: Bucket) => Promise<T>): Promise<T> {
  return withLocalStores(persistFolder, (stores) => work(stores.bucket("MODELS")));
}

/** The limit of `wrangler r2 object put`. */
const MAX_OBJECT_BYTES = 300 * 2 ** 20;

/**
 * The account's bucket, through the wrangler command that is logged in to it.
 * @returns a bucket whose methods throw an Error with wrangler's message when the command fails
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
    get: (key) =>
      withValueFile("", async (file) => {
        const run = await runWrangler([
          ...["r2", "object", "get", `${bucketName}/${key}`, "--file", file, "--remote"],
          ...jurisdictionOption(jurisdiction),
        ]);
        if (run.code === 0) return await readFile(file);
        if (whatIsMissing(run) === "key") return null;
        throw new Error(`wrangler r2 object get failed: ${errorLine(run)}`);
      }),
  };
}
