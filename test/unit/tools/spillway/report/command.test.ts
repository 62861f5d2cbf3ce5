/** What the command reads, and its errors: each names the next step. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { policyFactsOf } from "../../../../../control-plane/report/policy-facts.ts";
import { runningSystem } from "../../../../../tools/process/running-system.ts";
import { takeStateLock } from "../../../../../tools/process/state-lock.ts";
import { SAME_VERSION } from "../../../../../tools/spillway/control-plane/ask.ts";
import { controlPlaneUrl } from "../../../../../tools/spillway/control-plane/url.ts";
import { spillwayProgram } from "../../../../../tools/spillway/program.ts";
import { parseTime, rangeOf } from "../../../../../tools/spillway/report/time.ts";
import { answerOf, experimentDays } from "../../../../support/ledger-answer.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function serving(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}

const answering = (status: number, body: unknown) =>
  serving((_, response) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)),
  );

/** @returns what the command printed on stdout */
async function run(...words: string[]): Promise<string> {
  const printed: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line) => printed.push(String(line)));
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  await spillwayProgram().parseAsync(["report", ...words], { from: "user" });
  return printed.join("\n");
}

describe("the command", () => {
  it("asks for the range with the operator's token and prints the report", async () => {
    vi.stubEnv("OPERATOR_TOKEN", "secret-token");
    const seen: unknown[] = [];
    const body = JSON.stringify(answerOf(experimentDays({ textsPerDay: 200 })));
    const url = await serving((request, response) => {
      seen.push(request.url, request.headers.authorization);
      response.end(body);
    });
    const json = JSON.parse(await run("--url", url, "--from", "2026-11-12", "--to", "2026-11-13", "--json"));
    expect(json.texts).toBeGreaterThan(150);
    expect(seen).toEqual([
      `/v1/ledger?from=${Date.UTC(2026, 10, 12)}&to=${Date.UTC(2026, 10, 13)}`,
      "Bearer secret-token",
    ]);
    expect(await run("--url", url)).toContain("Spillway report");
    expect(await run("--url", url, "--markdown")).toContain("### The experiment");
  });

  it.each([
    [401, { error: "no" }, "asks for the operator's token. Set OPERATOR_TOKEN"],
    [404, { error: "no" }, "has no GET /v1/ledger: another program or an older version answers there."],
    [400, { error: "from is tomorrow" }, "does not accept the question: from is tomorrow"],
    [
      503,
      { error: "The ledger does not answer. Try again." },
      "answered 503: The ledger does not answer. Try again. Retry",
    ],
    [200, { fromMs: 1 }, SAME_VERSION],
    [200, { ...answerOf([]), cells: "CQ==" }, `its version is 9; this program reads version 1. ${SAME_VERSION}`],
  ])("an answer of %i is an error with the next step: %j", async (status, body, message) => {
    vi.stubEnv("OPERATOR_TOKEN", "");
    const url = await answering(status, body);
    await expect(run("--url", url)).rejects.toThrow(message);
  });

  it("names a wrong token, and never prints it", async () => {
    vi.stubEnv("OPERATOR_TOKEN", "wrong-token");
    const error = await run("--url", await answering(401, {})).catch((caught: unknown) => caught);
    expect(String(error)).toContain("does not accept the token in OPERATOR_TOKEN");
    expect(String(error)).not.toContain("wrong-token");
  });

  it("names npm start where nothing listens", async () => {
    const url = await answering(200, {});
    closing.splice(0)[0]?.();
    await expect(run("--url", url)).rejects.toThrow(
      /^Nothing answers at http:.* \(ECONNREFUSED\)\. Start the system with npm start/,
    );
  });

  it.each([
    [["--compare", "6"], "--compare takes two versions"],
    [["--from", "yesterday"], "such as 14d, 24h or 30m"],
    [["--from", "2026-11-12", "--to", "2026-11-11"], "--from is not before --to"],
    [["--json", "--markdown"], "cannot be used with"],
  ])("%j is wrong usage", async (words, message) => {
    await expect(run(...words)).rejects.toMatchObject({
      message: expect.stringContaining(message),
      exitCode: expect.any(Number),
    });
  });
});

describe("the address", () => {
  it.each([
    [{ env: "production" }, "pass --remote with it"],
    [{ remote: true }, "pass --env production, or --url"],
    [{ url: "spillway" }, "it must be a URL"],
    [{ remote: true, env: "staging" }, "pass --url https://spillway-control-staging.<subdomain>.workers.dev"],
    [{ remote: true, env: "production" }, "pass --url"],
  ] as const)("%j: %s", async (options, message) => {
    await expect(controlPlaneUrl(options, {})).rejects.toThrow(message);
  });

  it("is this machine's: at SPILLWAY_CONTROL_PORT, or else where npm start runs, which another shell may have started", async () => {
    const folder = await mkdtemp(join(tmpdir(), "spillway-report-"));
    const env = { SPILLWAY_STATE_DIR: folder };
    const own = { ...env, SPILLWAY_CONTROL_PORT: "9001" };
    expect(String(await controlPlaneUrl({}, env))).toBe("http://127.0.0.1:8788/");
    const release = await takeStateLock(folder, "http://127.0.0.1:9100", "http://127.0.0.1:9101");
    expect(String(await controlPlaneUrl({}, env))).toBe("http://127.0.0.1:9101/");
    expect(String(await controlPlaneUrl({}, own))).toBe("http://127.0.0.1:9001/");
    expect(String((await runningSystem(own)).gateway)).toBe("http://127.0.0.1:9100/");
    expect(String((await runningSystem({ ...env, SPILLWAY_PORT: "9002" })).gateway)).toBe("http://127.0.0.1:9002/");
    release();
    expect(String(await controlPlaneUrl({}, env))).toBe("http://127.0.0.1:8788/");
    await expect(controlPlaneUrl({}, { SPILLWAY_CONTROL_PORT: "x" })).rejects.toThrow("from 1 to 65535");
    await rm(folder, { recursive: true });
  });
});

describe("times", () => {
  const nowMs = Date.UTC(2026, 10, 26, 12);

  it("are dates, times, or lengths back from the end", () => {
    expect(rangeOf(parseTime("14d"), null, nowMs)).toEqual({ fromMs: nowMs - 14 * 86_400_000, toMs: nowMs });
    expect(rangeOf(parseTime("2h"), parseTime("2026-11-20"), nowMs)).toEqual({
      fromMs: Date.UTC(2026, 10, 19, 22),
      toMs: Date.UTC(2026, 10, 20),
    });
    expect(parseTime("2026-11-12T08:00:00+01:00")).toEqual({ atMs: Date.UTC(2026, 10, 12, 7) });
  });

  it("end now at the latest, and an empty range is none", () => {
    expect(rangeOf(parseTime("1d"), parseTime("2027-01-01"), nowMs)?.toMs).toBe(nowMs);
    expect(rangeOf(parseTime("2026-11-27"), null, nowMs)).toBeNull();
  });

  it.each(["yesterday", "14", "2026-13-01", "2026-11-12 08:00", "1e3d", ""])("%j is refused", (text) => {
    expect(() => parseTime(text)).toThrow("It must be a date");
  });
});

it("a version's asked share is that of its last document, and version 0 is the defaults", () => {
  const document = (share: number) => JSON.stringify({ version: 7, edge: { share, stickyBy: "text" } });
  const facts = policyFactsOf([document(5), document(10), "{", null]);
  expect(facts.find(({ version }) => version === "7")).toEqual({ version: "7", sharePercent: 10, stickyBy: "text" });
  expect(facts.find(({ version }) => version === "0")).toMatchObject({ sharePercent: 100 });
});
