/** What the root object's tables can hold: no text of a caller, no secret of a key, no address. */
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Cells } from "../../formats/ledger/cells.ts";
import { seriesOf } from "../../formats/ledger/series.ts";
import { counted, message, root, setTime, shardOf, TEN, texts } from "./support/ledger.ts";

beforeEach(() => setTime(TEN));
afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

it("the tables have columns for codes, names, versions and numbers only", async () => {
  await shardOf("weur").record(message({ cells: texts([1]) }));
  await counted();
  const columns = await runInDurableObject(root(), (_, { storage }) =>
    storage.sql
      .exec(
        `SELECT t.name || '.' || c.name AS column FROM sqlite_schema t JOIN pragma_table_info(t.name) c
         WHERE t.type = 'table' AND t.name NOT LIKE '\\_cf%' ESCAPE '\\'`,
      )
      .toArray(),
  );
  const fields = ["kind", "arm", "side", "origin", "because", "outcome", "policy", "model", "country", "worker"];
  expect(columns.map(({ column }) => column).sort()).toEqual(
    [
      ...["id", ...fields].map((name) => `series.${name}`),
      ...["width", "start", "series", "n", "sum", "min", "max", "sketch"].map((name) => `cell.${name}`),
      ...["id", "storage", "number", "isolates"].map((name) => `shard.${name}`),
      ...["name", "at_ms"].map((name) => `mark.${name}`),
      // The public id of a key with the hour of its last use: no secret and no hash.
      ...["id", "hour_ms"].map((name) => `key_use.${name}`),
      // What operators write: policies, rollouts, and the names of those who changed them.
      ...["id", "key", "at_ms", "done", "entry", "earlier"].map((name) => `policy_write.${name}`),
      ...["id", "body", "look_every_ms", "next_look_ms"].map((name) => `rollout.${name}`),
      ...["rollout", "number", "body"].map((name) => `look.${name}`),
      ...["id", "at_ms", "by_name", "what", "rollout"].map((name) => `audit.${name}`),
      ...["id", "body"].map((name) => `halves.${name}`),
    ].sort(),
  );
  // A field's value is short and plain: a text of a caller does not fit by accident.
  const series = seriesOf("text", { because: "a sentence that a caller wrote ".repeat(10), outcome: "Grüße" });
  const cells = new Cells();
  cells.count(series, 1);
  await shardOf("weur").record(message({ isolate: "b", cells }));
  const [stored] = [...(await counted()).cells].filter(({ series: { because } }) => because === "other");
  expect(stored?.series).toMatchObject({ because: "other", outcome: "other" });
});
