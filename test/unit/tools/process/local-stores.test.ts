/** The stores of this machine. That plain wrangler commands and `wrangler dev` have the same data: test/e2e/parts/policy.ts, models.ts. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { withinSeconds, withLocalStores } from "../../../../tools/process/local-stores.ts";

it("KV and R2 keep values and bytes between two openings, of any key, also while another process writes, and report what is missing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "spillway-stores-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const key = 'key:"ä" /?#%';
  const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
  await withLocalStores(folder, async (stores) => {
    const [policies, models] = [stores.kv("POLICIES"), stores.bucket("MODELS")];
    expect([await policies.get(key), await models.get(key)]).toEqual([null, null]);
    await policies.put(key, "Zoë\n");
    await policies.put("other", "");
    await policies.put("gone", "x");
    await policies.delete("gone");
    await models.put(key, bytes);
    // As a gateway does that writes at the same time.
    const unlock = await lockedDatabases(folder);
    const written = policies.put("locked", "later");
    await sleep(500);
    unlock();
    await written;
    await policies.delete("locked");
    expect(() => stores.kv("MODELS")).toThrow(
      /^wrangler\.toml of the checkout binds no KV namespace as MODELS; add it under/,
    );
    expect(() => stores.bucket("NONE")).toThrow(/binds no R2 bucket as NONE; add it under \[\[r2_buckets\]\]\.$/);
  });
  await withLocalStores(folder, async (stores) => {
    expect(await stores.kv("POLICIES").all("")).toEqual(
      new Map([
        [key, "Zoë\n"],
        ["other", ""],
      ]),
    );
    expect(await stores.kv("POLICIES").all("key:")).toEqual(new Map([[key, "Zoë\n"]]));
    expect(await stores.kv("KEYS").all("")).toEqual(new Map());
    expect(await stores.bucket("MODELS").get(key)).toEqual(bytes);
    await expect(stores.kv("KEYS").put("", "x")).rejects.toThrow(/^The local store KEYS failed: .*[Kk]ey name/);
  });
});

it("an opening inside of another one of its folder gives the same stores, without another workerd", async () => {
  const folder = await mkdtemp(join(tmpdir(), "spillway-stores-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await withLocalStores(folder, async (outer) => {
    await withLocalStores(folder, async (inner) => {
      expect(inner).toBe(outer);
      await inner.kv("POLICIES").put("inside", "x");
    });
    // They stay open until the outer opening ends.
    expect(await outer.kv("POLICIES").get("inside")).toBe("x");
  });
});

/** Locks every database of a folder against writes. @returns unlocks them */
async function lockedDatabases(folder: string): Promise<() => void> {
  const files = await readdir(folder, { recursive: true });
  const databases = files
    .filter((file) => file.endsWith(".sqlite"))
    .map((file) => new DatabaseSync(join(folder, file)));
  for (const database of databases) database.exec("BEGIN IMMEDIATE");
  return () => {
    for (const database of databases) database.close();
  };
}

describe("stores that take long to open", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("local stores that do not open end the command after a time, and are closed when they open later", async () => {
    const dispose = vi.fn(async () => {});
    const { promise: opening, resolve } = Promise.withResolvers<{ dispose: typeof dispose }>();
    const opened = withinSeconds(120, opening);
    const refused = expect(opened).rejects.toThrow(
      /^The local KV and R2 did not open within 120 s: workerd has not started\. The machine may be overloaded; retry\./,
    );
    await vi.advanceTimersByTimeAsync(120_000);
    await refused;
    expect(dispose).not.toHaveBeenCalled();
    resolve({ dispose });
    await vi.advanceTimersByTimeAsync(0);
    expect(dispose).toHaveBeenCalledOnce();
  });

  it("local stores that open in time stay open, and no timer remains", async () => {
    const dispose = vi.fn(async () => {});
    await expect(withinSeconds(120, Promise.resolve({ dispose }))).resolves.toEqual({ dispose });
    expect(vi.getTimerCount()).toBe(0);
    expect(dispose).not.toHaveBeenCalled();
  });
});
