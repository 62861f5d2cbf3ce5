import { expect, it } from "vitest";
import { remoteKv } from "../../../../../tools/spillway/kv/remote-kv.ts";

it("a wrangler command that does not end is ended, and the error names what it was for", async () => {
  // Shorter than the start of any process, so that wrangler never reaches the account.
  const kv = remoteKv("POLICIES", "staging", 1);
  await expect(kv.get("policy")).rejects.toThrow(
    "wrangler did not read the KV key policy within 0.001 s; check the network and retry.",
  );
  await expect(kv.put("policy", "{}")).rejects.toThrow(/^wrangler did not write the KV key policy within /);
  await expect(kv.all("key:")).rejects.toThrow(/^wrangler did not list the KV keys within /);
});
