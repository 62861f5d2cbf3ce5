/** `npm run traffic`: the same requests for the same seed, only to this machine unless asked, and a summary of what came back. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { renderTable } from "../../../../tools/table.ts";
import { targetOf, trafficProgram } from "../../../../tools/traffic/program.ts";
import { schedule } from "../../../../tools/traffic/schedule.ts";
import { type Answer, send } from "../../../../tools/traffic/send.ts";
import { liveLine, summarize, summaryTable } from "../../../../tools/traffic/summary.ts";

const MIX = { rate: 50, longPercent: 20, durationMs: 60_000, callers: 10, seed: 7 };

describe("the requests", () => {
  const requests = [...schedule(MIX)];
  const inputs = requests.map(({ body }): string | string[] => JSON.parse(body).inputs);
  const texts = inputs.flat().filter((text) => text !== "");

  it("are the same for the same seed, and others for another", () => {
    expect([...schedule(MIX)]).toEqual(requests);
    expect([...schedule({ ...MIX, seed: 8 })]).not.toEqual(requests);
  });

  it("arrive in order, within the duration, at the rate", () => {
    const times = requests.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.at(-1)).toBeLessThan(60_000);
    expect(Math.abs(requests.length - 3000)).toBeLessThan(200);
  });

  it("have the share of long texts, some lists, a few mistakes, and a few frequent callers", () => {
    const long = texts.filter((text) => text.length > 1500).length / texts.length;
    expect(long).toBeGreaterThan(0.17);
    expect(long).toBeLessThan(0.23);
    expect(inputs.filter(Array.isArray).length).toBeGreaterThan(50);
    expect(inputs.filter((input) => input === "").length).toBeGreaterThan(5);
    const callers = Map.groupBy(requests, ({ caller }) => caller);
    expect(callers.size).toBe(10);
    expect(callers.get("caller-1")?.length ?? 0).toBeGreaterThan(2 * (callers.get("caller-10")?.length ?? 0));
  });
});

describe("the address", () => {
  it.each(["http://127.0.0.1:8787", "http://localhost:1/", "http://[::1]:8787"])("%s is this machine", (url) => {
    expect(targetOf({ url, key: "k" })).toEqual({ url: new URL(url).origin, headers: { authorization: "Bearer k" } });
  });

  it("of another machine needs --allow-remote, and what is no URL is refused", () => {
    const url = "https://spillway.example.com";
    expect(() => targetOf({ url })).toThrow(/^spillway\.example\.com is not this machine\. Pass --allow-remote/);
    expect(targetOf({ url, allowRemote: true })).toEqual({ url, headers: {} });
    expect(() => targetOf({ url: "127.0.0.1:8787" })).toThrow(/^--url is "127\.0\.0\.1:8787"; it must be a URL/);
  });
});

describe("sending", () => {
  const server = createServer((request, response) => {
    request.resume().once("end", () => {
      if (request.headers["x-caller"] === "gone") return response.destroy();
      const isRefused = request.headers["x-caller"] === "refused";
      response.writeHead(
        isRefused ? 422 : 200,
        isRefused ? {} : { "x-spillway-route": "edge", "x-spillway-because": "within-share" },
      );
      return response.end(isRefused ? '{"error_type": "unprocessable"}' : "[]");
    });
  });
  let url: string;
  beforeAll(async () => {
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const requestOf = (caller: string, atMs = 0) => ({ atMs, caller, body: "{}" });

  it("reports each answer with its route and reason, or the code of its error, or that there was none", async () => {
    const answers: Answer[] = [];
    const answered = (answer: Answer) => answers.push(answer);
    const requests = ["any", "refused", "gone"].map((caller) => requestOf(caller));
    const ended = await send(requests, { url, headers: {} }, { signal: new AbortController().signal, answered });
    expect(ended).toEqual({ notSent: 0 });
    expect(answers.map(({ status, route, reason }) => [status, route, reason]).toSorted()).toEqual([
      [0, null, "no answer"],
      [200, "edge", "within-share"],
      [422, null, "unprocessable"],
    ]);
  });

  it("ends when it is asked to, after the answers in flight", async () => {
    const ended = new AbortController();
    const answers: Answer[] = [];
    const answered = (answer: Answer) => {
      answers.push(answer);
      ended.abort();
    };
    const requests = [requestOf("any"), requestOf("any", 3_600_000)];
    await send(requests, { url, headers: {} }, { signal: ended.signal, answered });
    expect(answers).toHaveLength(1);
  });

  it("is a command that ends with 0 and one JSON object", async () => {
    const print = vi.spyOn(console, "log").mockImplementation(() => {});
    vi.spyOn(process.stderr, "write").mockImplementation(() => true);
    await trafficProgram().parseAsync(["--url", url, "--rate", "100", "--duration", "1", "--json"], { from: "user" });
    const summary = JSON.parse(String(print.mock.calls[0]?.[0]));
    vi.restoreAllMocks();
    expect(process.exitCode ?? 0).toBe(0);
    expect(summary).toMatchObject({ notSent: 0, rows: [{ status: 200, route: "edge", reason: "within-share" }] });
    expect(summary.rows[0].requests).toBe(summary.requests);
  });

  it.each([
    [["--rate", "0"], "It must be a number from 0.1 to 100."],
    [["--long", "101"], "It must be a number from 0 to 100."],
    [["--callers", "1.5"], "It must be a whole number from 1 to 10000."],
  ])("refuses %j", async (words, message) => {
    const program = trafficProgram().configureOutput({ writeErr: () => {}, outputError: () => {} });
    await expect(program.parseAsync(words, { from: "user" })).rejects.toThrow(message);
  });
});

describe("the summary", () => {
  const answer = (status: number, route: string | null, reason: string, ms: number): Answer => ({
    status,
    route,
    reason,
    ms,
  });
  const answers = [
    ...[10, 20, 30].map((ms) => answer(200, "edge", "within-share", ms)),
    answer(200, "origin", "too-long", 700),
    answer(422, null, "unprocessable", 2),
    answer(0, null, "no answer", 5),
  ];

  it("has the P50 and P95 of each status, route and reason, the most frequent first", () => {
    const { requests, rows } = summarize(answers, 2);
    expect(requests).toBe(6);
    expect(rows[0]).toEqual({ status: 200, route: "edge", reason: "within-share", requests: 3, p50Ms: 20, p95Ms: 30 });
    expect(rows).toHaveLength(4);
  });

  it("is a table of at most 60 columns, which counts what was not sent", () => {
    const lines = renderTable(summaryTable(summarize(answers, 2))).split("\n");
    expect(lines[0]).toBe("6 requests; 2 were not sent, because too many were waiting");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  it("is one line while it runs", () => {
    expect(liveLine(answers, 3400, 60_000)).toBe("3 of 60 s  6 answered  edge 3  origin 1  refused 1  failed 1");
  });
});
