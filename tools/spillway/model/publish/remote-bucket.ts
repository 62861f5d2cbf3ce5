/** The account's R2 bucket, through the wrangler command that is logged in to it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { binOf } from "../../../process/run-wrangler.ts";
import type { Bucket } from "./publish.ts";

/** `wrangler r2 object put` takes no larger file. */
const OBJECT_MAX_BYTES = 300 * 2 ** 20;

/** @throws Error with wrangler's own words when a command of it fails. */
export function remoteBucket(bucketName: string): Bucket {
  return {
    put: async (key, bytes) => {
      if (bytes.byteLength > OBJECT_MAX_BYTES) {
        throw new Error(`${key} is larger than ${OBJECT_MAX_BYTES / 2 ** 20} MiB, which wrangler does not upload.`);
      }
      const folder = await mkdtemp(join(tmpdir(), "spillway-put-"));
      try {
        const file = join(folder, "object");
        await writeFile(file, bytes);
        await wrangler("r2", "object", "put", `${bucketName}/${key}`, "--file", file, "--remote");
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function wrangler(...words: string[]): Promise<void> {
  const child = spawn(process.execPath, [await binOf("wrangler", "wrangler"), ...words], {
    env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`wrangler ${words.slice(0, 3).join(" ")} failed: ${lastWords(output)}`);
}

/** Its error line, without colours. */
function lastWords(output: string): string {
  const lines = stripVTControlCharacters(output)
    .split("\n")
    .map((line) => line.trim());
  return lines.find((line) => /error/i.test(line)) ?? lines.findLast((line) => line !== "") ?? "it said nothing";
}
