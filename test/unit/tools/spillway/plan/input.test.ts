/** Every format: recognized, read, and its broken records counted with their lines. Samples: test/vectors/plan. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { billedTodayMs } from "../../../../../tools/spillway/plan/input/billed.ts";
import { timeOf } from "../../../../../tools/spillway/plan/input/call.ts";
import { formatOf } from "../../../../../tools/spillway/plan/input/formats.ts";
import { MAX_LINE_CHARACTERS } from "../../../../../tools/spillway/plan/input/lines.ts";
import { readInputs } from "../../../../../tools/spillway/plan/input/read-inputs.ts";
import { parseMessage } from "../../../../../tools/spillway/plan/input/report-line.ts";

const VECTORS = new URL("../../../../vectors/plan/", import.meta.url).pathname;
/** Of all samples of logs. */
const FIRST_AT_MS = Date.parse("2026-10-08T07:30:00.199Z");
const words = (text: string, textPair: string | null) => `${text} ${textPair ?? ""}`.trim().split(/\s+/).length;

const read = (...names: string[]) =>
  readInputs(
    names.map((name) => (name.startsWith("/") ? name : VECTORS + name)),
    "auto",
    words,
  );

async function written(name: string, content: string | Buffer): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), "plan-")), name);
  await writeFile(path, content);
  return path;
}

describe("a log", () => {
  it.each([
    ["report.log", "lambda-log", { calls: 27, inits: 1, other: 2, broken: 1 }],
    ["report.log.gz", "lambda-log", { calls: 27, inits: 1, other: 2, broken: 1 }],
    ["tail.log", "lambda-log", { calls: 24, inits: 0, other: 1, broken: 0 }],
    ["tail-json.log", "lambda-log", { calls: 24, inits: 0, other: 0, broken: 0 }],
    ["platform.jsonl", "lambda-log", { calls: 25, inits: 1, other: 1, broken: 1 }],
    ["events.json", "filter-log-events", { calls: 25, inits: 0, other: 1, broken: 0 }],
    ["insights-message.csv", "insights-csv", { calls: 24, inits: 0, other: 0, broken: 0 }],
    ["insights-fields.csv", "insights-csv", { calls: 24, inits: 0, other: 0, broken: 1 }],
    ["alb.log", "alb-log", { calls: 25, inits: 0, other: 0, broken: 1 }],
  ])("%s is %s, with every record counted", async (name, format, counts) => {
    expect((await read(name)).counts).toMatchObject([{ format, ...counts }]);
  });

  it("has the same run and bill of a call in every wrapping, and the memory", async () => {
    for (const name of ["tail.log", "tail-json.log", "insights-message.csv", "insights-fields.csv"]) {
      const { calls } = await read(name);
      expect([name, ...calls.runMs.subarray(0, 2)]).toEqual([
        name,
        expect.closeTo(696.87, 2),
        expect.closeTo(585.38, 2),
      ]);
      // The first call has an INIT of 1,216.70 ms.
      expect([name, calls.billedMs[0], calls.initMs[0]]).toEqual([name, 1914, expect.closeTo(1216.7, 2)]);
      expect([name, ...calls.memories]).toEqual([name, [1024, 24]]);
    }
  });

  it("has the arrivals: the time of a message is that of the call's end, a balancer has the arrival itself", async () => {
    for (const name of ["tail.log", "tail-json.log", "insights-fields.csv"]) {
      expect([name, (await read(name)).calls.atMs[0]]).toEqual([name, expect.closeTo(FIRST_AT_MS - 696.87, 0)]);
    }
    expect((await read("alb.log")).calls.atMs[0]).toBe(FIRST_AT_MS);
    expect((await read("report.log")).calls.atMs[0]).toBeNaN();
  });

  it("has failures: a timeout, an answer of 502, a target without an answer", async () => {
    expect((await read("report.log")).calls.totals.failed).toBe(1);
    expect((await read("alb.log")).calls.totals.failed).toBe(2);
  });

  it("has the line and the reason of a broken record, and never its content", async () => {
    expect((await read("report.log")).counts[0]?.firstBroken).toEqual([
      { line: 31, why: "Duration is not a number of at least 0" },
    ]);
    expect((await read("platform.jsonl")).counts[0]?.firstBroken[0]?.why).toBe("platform.report has no record.metrics");
    expect((await read("alb.log")).counts[0]?.firstBroken[0]?.line).toBe(26);
  });
});

describe("the bill of a report of any age, by today's prices", () => {
  it.each([
    [
      "INIT is in Billed Duration since August 2025",
      { durationMs: 1233.96, billedMs: 1698, initMs: 463.512, billedRestoreMs: null },
      1698,
    ],
    [
      "before, INIT was not billed and is now",
      { durationMs: 469.4, billedMs: 500, initMs: 100.99, billedRestoreMs: null },
      571,
    ],
    ["the billed restore is in it", { durationMs: 121.32, billedMs: 346, initMs: null, billedRestoreMs: 224 }, 346],
    [
      "without a billed time, the run rounded up",
      { durationMs: 12.1, billedMs: null, initMs: null, billedRestoreMs: null },
      13,
    ],
  ])("%s", (_, times, billed) => {
    expect(billedTodayMs(times)).toBe(billed);
  });

  it.each([
    ["with tabs", "REPORT RequestId: a\tDuration: 2.50 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\t"],
    ["copied with spaces", "REPORT RequestId: a  Duration: 2.50 ms  Billed Duration: 3 ms  Memory Size: 128 MB"],
  ])("a line %s", (_, line) => {
    expect(parseMessage(line, null)).toMatchObject({ kind: "call", call: { runMs: 2.5, billedMs: 3, memoryMiB: 128 } });
  });
});

describe("texts", () => {
  it("as JSON Lines become token counts and times; a list is several texts; a pair is one", async () => {
    const { texts, calls, counts } = await read("texts.jsonl");
    expect(calls.n).toBe(0);
    expect(counts).toMatchObject([
      {
        format: "texts-jsonl",
        calls: 33,
        broken: 2,
        firstBroken: [
          { line: 31, why: "not JSON" },
          { line: 32, why: expect.stringContaining("no field text") },
        ],
      },
    ]);
    expect(texts.atMs[1]).toBe(Date.parse("2026-10-08T07:30:02Z"));
    expect(texts.tokens[32]).toBe(4);
  });

  it("as CSV may have quotes, commas and line ends, and rows are counted by lines", async () => {
    const { counts, texts } = await read("texts.csv");
    expect(counts).toMatchObject([
      {
        format: "texts-csv",
        calls: 30,
        broken: 2,
        firstBroken: [
          { line: 62, why: expect.stringContaining("no field text") },
          { line: 63, why: expect.stringContaining("its time is neither") },
        ],
      },
    ]);
    expect(texts.atMs[0]).toBe(Date.parse("2026-10-08T07:30:00Z"));
  });

  it("and a log are read apart", async () => {
    const { texts, calls } = await read("tail.log", "texts.jsonl");
    expect([calls.n, texts.n]).toEqual([24, 33]);
  });

  it("are in no result and no error", async () => {
    const canary = "canary-4711";
    const path = await written("headless.csv", `${canary} is a text, with a comma\nand ${canary}\n`);
    const error = await read(path).catch((caught: unknown) => caught);
    expect(String(error)).toContain("lines of text, the first one with");
    expect(String(error)).not.toContain(canary);
    const lines = await written("texts.jsonl", `{"text": "${canary}"}\n{"text": ${canary}}\n`);
    expect(JSON.stringify(await read(lines))).not.toContain(canary);
  });
});

describe("an input", () => {
  it.each([
    ["fields of JSON", '{"subject": "a", "when": 1}\n', "JSON with the fields subject, when"],
    ["columns of CSV", "id,subject\n1,a\n", "CSV with the columns id, subject"],
    ["lines", "some lines\nof a log\n", "lines of text, the first one with 10 characters"],
  ])("of no known format is refused with what was seen: %s", async (_, content, seen) => {
    const path = await written("input", content);
    await expect(read(path)).rejects.toThrow(seen);
    await expect(read(path)).rejects.toThrow(/\n {2}lambda-log: REPORT/);
  });

  it("that looks like another format than asked for is refused with both names", () => {
    expect(() => formatOf('{"text": "a"}\n', "alb-log", "a.jsonl")).toThrow(
      "a.jsonl looks like texts-jsonl, not like alb-log",
    );
  });

  it.each([
    ["empty", "", "is empty"],
    [
      "without a call",
      "START RequestId: a\nINIT_REPORT Init Duration: 1 ms\n",
      "has no call and no text, but 1 other records",
    ],
    [
      "that is broken gzip",
      gzipSync("REPORT RequestId: a\n".repeat(5000)).subarray(0, 60),
      "is gzip that cannot be read to its end",
    ],
  ])("%s is refused with the next step", async (_, content, message) => {
    await expect(read(await written("input", content))).rejects.toThrow(message);
  });

  it("with a line over the bound reports it, and reads on", async () => {
    const line = "REPORT RequestId: a\tDuration: 1.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB";
    const { counts } = await read(
      await written("long.log", `${line}\n${"x".repeat(MAX_LINE_CHARACTERS + 1)}\n${line}`),
    );
    expect(counts).toMatchObject([{ calls: 2, broken: 1, firstBroken: [{ line: 2 }] }]);
  });

  it("may be split anywhere: an object over several pieces is one", async () => {
    const event = { timestamp: 1.7e12, message: `REPORT RequestId: a\tDuration: 1.00 ms\t${"x".repeat(3000)}` };
    const path = await written("events.json", JSON.stringify({ events: Array.from({ length: 400 }, () => event) }));
    expect((await read(path)).counts).toMatchObject([{ format: "filter-log-events", calls: 400, broken: 0 }]);
  });
});

it.each([
  ["2026-10-08 07:30:29.470", "2026-10-08T07:30:29.470Z"],
  ["2026-10-08T09:30:29+02:00", "2026-10-08T07:30:29Z"],
  [1_700_000_000, "2023-11-14T22:13:20Z"],
  ["1700000000000", "2023-11-14T22:13:20Z"],
])("the time %s is read", (value, iso) => {
  expect(timeOf(value)).toBe(Date.parse(iso));
});
