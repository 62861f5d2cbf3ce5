import { expect, it, vi } from "vitest";
import { withKv } from "../../../../../tools/spillway/kv/where.ts";

it.each([{}, { local: true as const }])("--env without --remote opens no KV: %j", async (options) => {
  const work = vi.fn(async () => "saved");
  await expect(withKv("POLICIES", { ...options, env: "production" }, work)).rejects.toThrow(
    "--env production selects an environment of the Cloudflare account; pass --remote with it, or leave it out for this machine.",
  );
  expect(work).not.toHaveBeenCalled();
});
