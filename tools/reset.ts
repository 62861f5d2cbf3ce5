/** `npm run reset`: removes all local state: wrangler's KV, R2 and Durable Objects, and the folder .spillway. */
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";

for (const folder of [".wrangler", ".spillway"]) {
  await rm(fileURLToPath(new URL(`../${folder}`, import.meta.url)), { recursive: true, force: true });
  console.log(`removed ${folder}/`);
}
