/**
 * Text is processed and never stored: a canary goes down every path of the whole system, and then all that was exported, stored or
 * printed is searched for it. The same of what was really sent, byte for byte: test/worker/telemetry/trace-contents.test.ts.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../tools/process/ports.ts";
import { contractProblems } from "../support/openapi.ts";
import { filesBelow, formsOf, viewerHas, viewerMetrics } from "./support/every-place.ts";
import { spillway } from "./support/spillway.ts";
import { type Running, start, until, wrangler } from "./support/system.ts";

const CANARY = "canaryquetzal7f3b";
const SHORT = `${CANARY} wins a free prize now`;
const LONG = `${CANARY} sends the notes of the meeting. `.repeat(60);
/** Wherever a caller can put something of their own. */
const HEADERS = {
  cookie: CANARY,
  "user-agent": CANARY,
  baggage: `text=${CANARY}`,
  "x-forwarded-for": CANARY,
  "x-request-id": CANARY,
  "x-anything": CANARY,
};

let system: Running;
/** Lets Ann in; its last 43 characters are the secret. */
let apiKey: string;
/** An origin that keeps the text to itself and fails: 500 for all. */
const failing = createServer((request, response) => request.resume().once("end", () => response.writeHead(500).end()));
let deadUrl: string;
beforeAll(async () => {
  system = await start();
  failing.listen(0, "127.0.0.1");
  deadUrl = `http://127.0.0.1:${await freePort()}/`;
});
afterAll(async () => {
  failing.closeAllConnections();
  failing.close();
  await system?.stop();
});

const send = (init: RequestInit, path = "/v1/classify") =>
  fetch(`${system.gateway}${path}`, {
    method: "POST",
    ...init,
    headers: { "content-type": "application/json", ...HEADERS, ...init.headers },
  });

/** Status, route and reason. The answer must keep docs/reference/openapi.yaml, and must not contain the text. */
async function outcome(answered: Promise<Response>): Promise<string> {
  const response = await answered;
  const { status, headers, url } = response;
  const text = await response.text();
  expect(text + JSON.stringify([...headers])).not.toContain(CANARY);
  const body = text === "" ? null : JSON.parse(text);
  expect(contractProblems("POST", new URL(url).pathname, { status, headers, body })).toEqual([]);
  const [route, because] = [headers.get("x-spillway-route"), headers.get("x-spillway-because")];
  return route === null ? String(status) : `${status} ${route} ${because}`;
}

const ask = (inputs: unknown) => outcome(send({ body: JSON.stringify({ inputs }) }));

let version = 0;
async function underPolicy(policy: object): Promise<void> {
  version += 1;
  const text = JSON.stringify({ version, ...policy });
  await wrangler(system, "kv", "key", "put", "policy", text, "--binding", "POLICIES");
  await until("the policy", async () => {
    const readyz = await (await fetch(`${system.gateway}/readyz`)).json();
    return readyz.policy.version === version;
  });
}

describe("a canary", () => {
  it("goes down every path: each side, both, compared, and each refusal of a request", async () => {
    await underPolicy({ shadow: { share: 100 }, hedge: { enabled: true, afterMs: 1 } });
    expect(await ask(SHORT)).toMatch(/^200 (edge|origin) within-share$/);
    expect(await ask(LONG)).toBe("200 origin too-long");
    expect(await ask([LONG, SHORT])).toMatch(/^200 /);

    apiKey = await spillway(system, "keys", "create", "--name", "Ann");
    for (const header of [{ authorization: `Bearer ${apiKey}` }, { "x-api-key": apiKey }]) {
      expect(await outcome(send({ body: JSON.stringify({ inputs: SHORT }), headers: header }))).toMatch(/^200 /);
    }
    expect(await outcome(send({ body: SHORT, headers: { authorization: `Bearer ${CANARY}` } }))).toBe("401");

    expect(await outcome(send({ body: `{"inputs": "${CANARY}` }))).toBe("400");
    expect(await outcome(send({ body: Buffer.concat([Buffer.from(CANARY), Buffer.from([0xff])]) }))).toBe("400");
    expect(await outcome(send({ method: "GET" }, `/v1/classify?q=${CANARY}`))).toBe("405");
    expect(await outcome(send({ body: SHORT }, `/${CANARY}/${CANARY}?${CANARY}=${CANARY}`))).toBe("404");
    expect(await ask(CANARY.repeat(70_000))).toBe("413");
    expect(await ask(`${CANARY} `.repeat(20_000))).toBe("413");
    expect(await outcome(send({ body: SHORT, headers: { "content-type": `text/${CANARY}` } }))).toBe("415");
    expect(await ask([CANARY, 7])).toBe("422");
    expect(await outcome(send({ body: JSON.stringify({ inputs: SHORT, parameters: { [CANARY]: 1 } }) }))).toBe("422");

    const hungUp = new AbortController();
    const gone = send({ body: JSON.stringify({ inputs: LONG }), signal: hungUp.signal }).catch(() => "gone");
    setTimeout(() => hungUp.abort(), 20);
    await gone;
  });

  it("goes down every failure: an origin that is not there, one that answers 500, an edge without its model", async () => {
    const region = "us-east-1";
    const failingUrl = `http://127.0.0.1:${(failing.address() as AddressInfo).port}/`;
    await underPolicy({ override: "origin", origins: { dead: { url: deadUrl, region } } });
    expect(await ask(SHORT)).toBe("200 edge origin-failed");
    expect(await ask(LONG)).toBe("503");
    await underPolicy({ model: `gone@${"0".repeat(64)}`, origins: { failing: { url: failingUrl, region } } });
    await until("the edge to find nothing", async () => {
      const { edge } = await (await fetch(`${system.gateway}/readyz`)).json();
      return edge.state === "rejected";
    });
    expect(await ask(SHORT)).toBe("503");
  });

  it("goes down the residency rule", async () => {
    await underPolicy({ residency: { rules: [{ countries: ["EU", "US"], allow: [] }], unknown: "refuse" } });
    expect(await ask(SHORT)).toBe("451");
  });

  it("is in no trace, log or metric of either side, in nothing stored, in nothing printed", async () => {
    const viewed = await viewerHas(
      system,
      "what came last in the viewer",
      (store) => store.includes('"spillway.refusal":"residency"') && store.includes('"tokenize"'),
    );
    const metrics = await viewerMetrics(system);
    const files = await filesBelow(system.stateFolder);
    // So that this test cannot pass by looking at nothing.
    expect(metrics).toMatch(/spillway\.shadow\.comparisons: .*"spillway\.shadow\.agrees"/);
    expect([...files.keys()].join("\n")).toMatch(/^wrangler\/.*kv.*$/m);
    expect([...files.keys()].join("\n")).toMatch(/^wrangler\/.*r2.*$/m);
    expect(files.get("logs/origin.log")?.toString().trim().split("\n")).toEqual([
      expect.stringMatching(/^origin ready/),
    ]);
    expect(files.get("logs/gateway.log")?.toString() ?? "").not.toMatch(/POST|GET/);

    const places = new Map([
      ["the viewer", Buffer.from(viewed)],
      ["its metrics", Buffer.from(metrics)],
      ["the terminal", Buffer.from(system.output())],
      ...files,
    ]);
    const forms = formsOf(CANARY);
    const found = [...places].filter(([, bytes]) => forms.some((form) => bytes.includes(form)));
    expect(found.map(([place]) => place)).toEqual([]);
  });

  it("has no company of secrets: the origin's credentials are in the gateway's own variables alone, an API key nowhere", async () => {
    const files = await filesBelow(system.stateFolder);
    const variables = files.get("gateway.env")?.toString() ?? "";
    const secrets = [...variables.matchAll(/^AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY)="?([^"\n]+)"?$/gm)].map(
      ([, secret = ""]) => secret,
    );
    expect(secrets).toHaveLength(2);
    secrets.push(apiKey.slice(-43));
    const viewed = await viewerHas(system, "the viewer", (store) => store.includes("spillway"));
    const places = new Map([
      ["the viewer", Buffer.from(viewed)],
      ["the terminal", Buffer.from(system.output())],
      ...files,
    ]);
    places.delete("gateway.env");
    const found = [...places].filter(([, bytes]) => secrets.some((secret) => bytes.includes(secret)));
    expect(found.map(([place]) => place)).toEqual([]);
  });
});
