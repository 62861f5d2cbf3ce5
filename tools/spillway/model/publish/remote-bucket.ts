/** The R2 bucket of the Cloudflare account, through the wrangler command that is logged in to it. */
import { errorLine, runWrangler, withValueFile } from "../../../process/run-wrangler.ts";
import type { Bucket } from "./publish.ts";

/** The limit of `wrangler r2 object put`. */
const MAX_OBJECT_BYTES = 300 * 2 ** 20;

/** @returns a bucket whose `put` throws an Error with wrangler's message when the command fails */
export function remoteBucket(bucketName: string): Bucket {
  return {
    put: async (key, bytes) => {
      if (bytes.byteLength > MAX_OBJECT_BYTES) {
        throw new Error(`${key} is larger than ${MAX_OBJECT_BYTES / 2 ** 20} MiB, which wrangler does not upload.`);
      }
      const run = await withValueFile(bytes, (file) =>
        runWrangler(["r2", "object", "put", `${bucketName}/${key}`, "--file", file, "--remote"]),
      );
      if (run.code !== 0) throw new Error(`wrangler r2 object put failed: ${errorLine(run)}`);
    },
  };
}
