/** What isolates have, in `spillway policy history`: counted where the control plane answers, and no reason to wait where it does not. */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { emptyHistory, type History, withEntry, withStored } from "../../../../../policies/versions/history.ts";
import { historyRows } from "../../../../../policies/versions/history-rows.ts";
import { historyTable } from "../../../../../tools/spillway/policy/history-commands.ts";
import { isolateVersions, versionCounts } from "../../../../../tools/spillway/policy/isolate-versions.ts";
import { paintFor } from "../../../../../tools/spillway/terminal/colors.ts";

const TIME = "2026-11-24T10:00:00.000Z";
const text = (version: number, share: number) => JSON.stringify({ version, edge: { share } });
const saved = (before: History, version: number) =>
  withEntry(before, { timeIso: TIME, author: "Ann", message: null, text: text(version, version) });
const isolates = (...versions: number[]) => versions.map((policy) => ({ policy }));

/** 16, 17, then a lower version that is rejected, then one that does not parse. */
const rows = historyRows(
  [text(3, 3), text(17, 700)].reduce(
    (before, stored) => withStored(before, stored, TIME),
    saved(saved(emptyHistory, 16), 17),
  ),
);
const shown = (...versions: number[]) => {
  const counts = versionCounts(rows, isolates(...versions));
  return { rows: rows.map((row) => `${row.entry.name}: ${counts.of(row)}`), others: counts.others };
};

describe("the isolates of each version", () => {
  it("are those that reported it; of several entries with one number, the newest that is not rejected has them", () => {
    expect(shown(17, 16, 17)).toEqual({ rows: ["17b: 0", "3: 0", "17: 2", "16: 1"], others: [] });
  });

  it("may have a version that others reject: a new isolate has not seen the higher one", () => {
    expect(shown(3).rows).toContain("3: 1");
  });

  it("may have versions that are not in the history, and the defaults", () => {
    expect(shown(0, 99, 99).others).toEqual([
      { version: 99, isolates: 2 },
      { version: 0, isolates: 1 },
    ]);
  });

  it("are a column of the table, and what it does not list is below it", () => {
    const plain = paintFor({ isTTY: false }, {});
    const table = historyTable(rows, versionCounts(rows, isolates(17, 17, 0)), plain, null).split("\n");
    const [head = "", ...lines] = table;
    const column = head.indexOf("isolates");
    const ofVersion17 = lines.find((line) => / 17 /.test(line)) ?? "";
    expect(ofVersion17.slice(column).trimStart()).toMatch(/^2 /);
    expect(table.slice(-2)).toEqual([
      "isolates: those that reported the version last, within 10 minutes",
      "Further isolates: 1 with the defaults or a policy without a version",
    ]);
  });
});

describe("the control plane", () => {
  let close = () => {};
  afterEach(() => close());

  async function asking(answer: RequestListener, env: NodeJS.ProcessEnv = {}, maxWaitMs?: number) {
    const server = createServer(answer);
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    close = () => {
      server.closeAllConnections();
      server.close();
    };
    const { port } = server.address() as AddressInfo;
    return isolateVersions({ url: `http://127.0.0.1:${port}` }, env, maxWaitMs);
  }

  it("is asked with the operator's token", async () => {
    const row = { isolate: "a", shard: "weur", seenMs: 1, colo: "", policy: 7, model: "m@1", edgeState: "ready" };
    const body = {
      fromMs: 0,
      toMs: 1,
      firstMs: null,
      cells: "",
      days: [],
      isolates: [{ ...row, breakers: {}, queuedTexts: 0 }],
    };
    const seen: unknown[] = [];
    const versions = await asking(
      (request, response) => {
        seen.push(request.headers.authorization);
        response.end(JSON.stringify(body));
      },
      { OPERATOR_TOKEN: "the-token" },
    );
    expect(versions).toMatchObject({ ok: true, isolates: [{ policy: 7, candidate: null }] });
    expect(seen).toEqual(["Bearer the-token"]);
  });

  it("that does not answer in time, refuses or is not known gives a sentence", async () => {
    expect(await asking(() => {}, {}, 50)).toEqual({
      ok: false,
      problem: expect.stringMatching(/did not answer within/),
    });
    close();
    expect(await asking((_, response) => response.writeHead(401).end("{}"))).toEqual({
      ok: false,
      problem: expect.stringMatching(/asks for the operator's token/),
    });
    expect(await isolateVersions({ remote: true }, {})).toEqual({
      ok: false,
      problem: expect.stringMatching(/--remote needs the environment/),
    });
  });
});
