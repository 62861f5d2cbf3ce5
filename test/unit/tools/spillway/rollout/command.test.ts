/** What the commands send and print, and their errors: each names the next step. */
import { createServer } from "node:http";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { RolloutStatus } from "../../../../../control-plane/rollout/types.ts";
import { spillwayProgram } from "../../../../../tools/spillway/program.ts";
import { statusLines, type Terminal } from "../../../../../tools/spillway/rollout/status-lines.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  process.exitCode = undefined;
  for (const close of closing.splice(0)) close();
});

const START = Date.UTC(2026, 10, 26, 6);
const HOUR = 3_600_000;

const STATUS = {
  id: 3,
  kind: "share",
  target: 100,
  state: "held",
  step: "50 %",
  steps: ["shadow", "10 %", "50 %", "100 %"],
  verdict: "inconclusive",
  reason: "Not decided. Missing: certainty about P95.",
  missing: [{ what: "certainty about P95", texts: 5000, ms: 3 * HOUR }],
  policyVersion: 14,
  startedMs: START,
  stepStartedMs: START + 2 * HOUR,
  endedMs: null,
  pending: null,
  numbers: {
    treatment: { n: 4120, failures: 2, p95Ms: 181 },
    control: { n: 4007, failures: 9, p95Ms: 1204 },
    eValue: 0,
    failureDifference: -0.0018,
    failureDifferenceAtMost: 0.0004,
    p95Ratio: 0.15,
    p95RatioAtLeast: 0.12,
    p95RatioAtMost: 1.2,
    agreement: { compared: 1200, disagreed: 4, atLeast: 0.001, atMost: 0.008 },
    incumbent: null,
    coverage: 1,
    askedPart: 0.5,
    achievedPart: 0.507,
    sampleRatioP: 0.4,
  },
} satisfies RolloutStatus;
const LOOK = { number: 1, atMs: START + HOUR, step: "10 %", policyVersion: 13, numbers: STATUS.numbers, missing: [] };

interface Asked {
  what: string;
  body: unknown;
}

/** @param answers in their order, the last one again and again. @returns the address, and what was asked */
async function answering(status: number, ...answers: unknown[]): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    asked.push({ what: `${request.method} ${request.url}`, body: body === "" ? null : JSON.parse(body) });
    const answer = answers[Math.min(asked.length, answers.length) - 1];
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`, asked };
}

/** @returns what the command printed on stdout */
async function run(...words: string[]): Promise<string> {
  const printed: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line) => printed.push(String(line)));
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  await spillwayProgram().parseAsync(["rollout", ...words], { from: "user" });
  return printed.join("\n");
}

describe("start", () => {
  it("sends the plan, the thresholds with units in ms, and who starts it", async () => {
    const { url, asked } = await answering(201, { rollout: { ...STATUS, state: "running" } });
    const printed = await run(
      ...["start", "share", "--to", "100", "--steps", "10,50", "--shadow-first", "--again", "--look-every", "30s"],
      ...["--set", "minStepMs=2h", "--set", "maxDisagreement=0.02", "--author", "Ann", "--url", url],
    );
    expect(asked).toEqual([
      {
        what: "POST /v1/rollouts",
        body: {
          ...{ kind: "share", target: 100, steps: [10, 50], shadowFirst: true, again: true, lookEveryMs: 30_000 },
          thresholds: { minStepMs: 2 * HOUR, maxDisagreement: 0.02 },
          author: "Ann",
        },
      },
    ]);
    expect(printed).toContain("Rollout #3: share to 100 %  running");
  });

  it.each([
    [["--to", "101"], /It is "101"; a number from 0 to 100/],
    [["--to", "100", "--steps", "10,x"], /It is "x"/],
    [["--to", "100", "--set", "minStepMS=1"], /minStepMS is no threshold; did you mean minStepMs\?/],
    [["--to", "100", "--set", "minStepMs=soon"], /It is "soon"; a number with ms, s, min, h or d/],
    [["--to", "100", "--set", "minCoverage=high"], /minCoverage is "high"; a number of at least 0/],
    [["--to", "100", "--look-every", "5"], /It is "5"; a number with ms/],
  ])("%j is refused with what is allowed", async (words, error) => {
    const shown: string[] = [];
    vi.spyOn(process.stderr, "write").mockImplementation((text) => shown.push(String(text)) > 0);
    await expect(
      spillwayProgram().parseAsync(["rollout", "start", "share", ...words], { from: "user" }),
    ).rejects.toThrow();
    expect(shown.join("")).toMatch(error);
  });

  it("prints the control plane's reason when it refuses", async () => {
    const { url } = await answering(409, { error: "Rollout #2 is running. One runs at a time." });
    await expect(run("start", "share", "--to", "100", "--url", url)).rejects.toThrow(
      /^Rollout #2 is running\. One runs at a time\.$/,
    );
  });
});

describe("status", () => {
  it("--json prints the fields that programs rely on, of the current rollout or of the last one", async () => {
    const ended = { ...STATUS, id: 2, state: "failed", endedMs: START + HOUR };
    const current = await answering(200, { current: STATUS, rollouts: [STATUS, ended] });
    const { id, kind, target, state, step, verdict, reason, missing } = JSON.parse(
      await run("status", "--json", "--url", current.url),
    );
    expect({ id, kind, target, state, step, verdict, reason, missing }).toEqual({
      ...{ id: 3, kind: "share", target: 100, state: "held", step: "50 %", verdict: "inconclusive" },
      ...{ reason: STATUS.reason, missing: STATUS.missing },
    });
    const last = await answering(200, { current: null, rollouts: [ended] });
    expect(JSON.parse(await run("status", "--json", "--url", last.url))).toMatchObject({ id: 2, state: "failed" });
  });

  it("before the first rollout names the command that starts one", async () => {
    const { url } = await answering(200, { current: null, rollouts: [] });
    expect(await run("status", "--url", url)).toContain("npx spillway rollout start share");
    expect(await run("status", "--json", "--url", url)).toBe("null");
  });

  it("--watch ends with the rollout, with exit code 1 unless it succeeded", async () => {
    for (const state of ["succeeded", "failed"] as const) {
      const ended = { ...STATUS, state, endedMs: START + HOUR };
      const { url } = await answering(200, { current: null, rollouts: [ended] });
      await run("status", "--watch", "--url", url);
      expect(process.exitCode).toBe(state === "succeeded" ? undefined : 1);
    }
  });

  const plain: Terminal = { paint: (_, text) => text, columns: 60, nowMs: START + 8 * HOUR };

  it("shows steps, verdict, what is missing and the numbers, within the terminal's width", () => {
    const lines = statusLines(STATUS, plain);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(lines.join("\n")).toMatchInlineSnapshot(`
      "Rollout #3: share to 100 %  held for 8 h

        ✓ shadow   ✓ 10 %   ◌ 50 % 6 h   ○ 100 %

        Not decided. Missing: certainty about P95.
        → certainty about P95: about 3 h

                 texts     failures     P95
        inside   4,120  2 (0.049 %)  181 ms
        outside  4,007   9 (0.22 %)  1.20 s

        failures −0.18 points, at most +0.040; E-value 0
        P95 ratio 0.15 [0.12, 1.20]
        agreement with the origin 99.7 % [99.2, 99.9] of 1,200
          comparisons
        split 50.7 % of 50 % asked (p = 0.4)
        coverage 100 %

        policy version 14"
    `);
  });

  it("passes no control sequence of a stored text to the terminal", () => {
    const evil = "\u001b[31mred\u001b[0m\u0007";
    const lines = statusLines({ ...STATUS, reason: evil, missing: [{ what: evil, texts: 1, ms: null }] }, plain);
    expect(lines.join("\n")).not.toContain("\u001b");
  });
});

describe("history", () => {
  it("lists rollouts, and of one its looks, those that judge the same in one row", async () => {
    const looks = ["inconclusive", "inconclusive", "successful"].map((verdict, index) => ({
      ...{ ...LOOK, number: index + 1, atMs: START + index * HOUR },
      ...{ verdict, reason: `look ${index + 1}` },
    }));
    const events = [{ atMs: START - HOUR, by: "Ann <ann@example.com>", what: "started: 50 %", rolloutId: 3 }];
    const one = await answering(200, { rollout: STATUS, looks, events });
    const printed = await run("history", "3", "--url", one.url);
    expect(one.asked[0]?.what).toBe("GET /v1/rollouts/3");
    expect(printed).toMatch(
      /Ann +started: 50 %\n2026-11-26 06:00 to 07:00 +10 % +inconclusive +2 looks, the last: look 2\n2026-11-26 08:00 .* look 3/s,
    );
    expect(printed).not.toContain("look 1");
    expect(await run("history", "3", "--all", "--url", one.url)).toMatch(/look 1\n.*look 2\n/);
    const all = await answering(200, { current: STATUS, rollouts: [STATUS] });
    expect(await run("history", "--url", all.url)).toMatch(/#3 +share to 100 % .*held/);
  });

  it("--all asks for the looks before those of an answer, until the first one", async () => {
    const lookOf = (number: number) => ({ ...LOOK, number, verdict: "inconclusive", reason: `look ${number}` });
    const answers = [[4, 5], [2, 3], [1]].map((numbers) => ({
      rollout: STATUS,
      looks: numbers.map(lookOf),
      events: [],
    }));
    const { url, asked } = await answering(200, ...answers);
    const { looks } = JSON.parse(await run("history", "3", "--all", "--json", "--url", url));
    expect(looks.map((look: { number: number }) => look.number)).toEqual([1, 2, 3, 4, 5]);
    expect(asked.map(({ what }) => what)).toEqual([
      "GET /v1/rollouts/3",
      "GET /v1/rollouts/3?before=4",
      "GET /v1/rollouts/3?before=2",
    ]);
    const latest = await answering(200, ...answers);
    expect(await run("history", "3", "--url", latest.url)).toContain(
      "3 earlier looks: npx spillway rollout history 3 --all",
    );
  });

  it("of an unknown number is the control plane's sentence", async () => {
    const { url } = await answering(404, { error: "No rollout has this number. GET /v1/rollouts lists them." });
    await expect(run("history", "9", "--url", url)).rejects.toThrow(/^No rollout has this number/);
  });
});

it.each(["pause", "resume", "abort"])("%s sends who decides it", async (change) => {
  const { url, asked } = await answering(200, { rollout: STATUS });
  expect(await run(change, "--author", "Ann", "--url", url)).toContain("Rollout #3");
  expect(asked).toEqual([{ what: `POST /v1/rollouts/current/${change}`, body: { author: "Ann" } }]);
});
