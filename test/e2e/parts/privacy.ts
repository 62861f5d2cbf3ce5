/**
 * Text is processed and never stored: a canary takes every path of the whole system, and then everything that was exported, stored or
 * printed is searched for it. The same for the exported bytes: test/worker/telemetry/trace-contents.test.ts.
 */
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ID_LENGTH, keyText, SECRET_LENGTH } from "../../../formats/api-key.ts";
import { freePort } from "../../../tools/process/ports.ts";
import { bearer } from "../../support/credentials.ts";
import { contractProblems } from "../../support/openapi.ts";
import { CANARY } from "../../support/texts.ts";
import { filesBelow, formsOf, viewerHas, viewerMetrics } from "../support/every-place.ts";
import { spillway } from "../support/spillway.ts";
import { applyPolicy } from "../support/stored.ts";
import { type Running, until } from "../support/system.ts";

const SHORT = `${CANARY} wins a free prize now`;
const LONG = `${CANARY} sends the notes of the meeting. `.repeat(60);
/** Every header in which a caller can put a value. */
const HEADERS = {
  cookie: CANARY,
  "user-agent": CANARY,
  baggage: `text=${CANARY}`,
  "x-forwarded-for": CANARY,
  "x-request-id": CANARY,
  "x-anything": CANARY,
};

/** The head of a request with the canary in its path, its host and its headers. */
function hungUpHead(path: string, bodyBytes: number): string {
  const headers = {
    host: `${CANARY}.example`,
    "content-type": "application/json",
    "content-length": bodyBytes,
    ...HEADERS,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/**
 * @param started a system that may have answered others
 * @param wranglerLogs where wrangler would write its own log files
 */
export function privacyTests(started: () => Running, wranglerLogs: () => string): void {
  let system: Running;
  /** Ann's. Its last 43 characters are the secret. */
  let apiKey: string;
  /** An origin that answers every request with 500. */
  const failing = createServer((request, response) =>
    request.resume().once("end", () => response.writeHead(500).end()),
  );
  let unusedUrl: string;
  beforeAll(async () => {
    system = started();
    failing.listen(0, "127.0.0.1");
    unusedUrl = `http://127.0.0.1:${await freePort()}/`;
  });
  afterAll(() => {
    failing.closeAllConnections();
    failing.close();
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

  /** Sends bytes and leaves; what was answered until then is not read. */
  async function hangUp(bytes: string, { reset = false, afterMs = 5 } = {}): Promise<void> {
    const socket = connect(system.ports.gateway, "127.0.0.1").on("error", () => {});
    await new Promise((sent) => socket.write(bytes, sent));
    await new Promise((waited) => setTimeout(waited, afterMs));
    const closed = new Promise((resolve) => socket.once("close", resolve));
    if (reset) socket.resetAndDestroy();
    else socket.destroy();
    await closed;
  }

  const ask = (inputs: unknown) => outcome(send({ body: JSON.stringify({ inputs }) }));

  /** Newer than those of the parts before: a gateway refuses an older policy. */
  let version = 200;
  async function underPolicy(policy: object): Promise<void> {
    version += 1;
    await applyPolicy(system, { version, ...policy });
  }

  describe("a canary", () => {
    it("takes every path: each side, both, shadowed, and each refusal of a request", async () => {
      await underPolicy({ shadow: { share: 100 }, hedge: { enabled: true, afterMs: 1 } });
      expect(await ask(SHORT)).toMatch(/^200 (edge|origin) within-share$/);
      expect(await ask(LONG)).toBe("200 origin too-long");
      expect(await ask([LONG, SHORT])).toMatch(/^200 /);

      apiKey = await spillway(system, "keys", "create", "--name", "Ann");
      for (const header of [bearer(apiKey), { "x-api-key": apiKey }]) {
        expect(await outcome(send({ body: JSON.stringify({ inputs: SHORT }), headers: header }))).toMatch(/^200 /);
      }
      // A token without a key's shape counts as none, since anonymous callers are allowed. An unknown key is refused.
      expect(await outcome(send({ body: SHORT, headers: bearer(CANARY) }))).toBe("400");
      const unknownKey = keyText("a".repeat(ID_LENGTH), CANARY.padEnd(SECRET_LENGTH, "A"));
      expect(await outcome(send({ body: SHORT, headers: bearer(unknownKey) }))).toBe("401");

      expect(await outcome(send({ body: `{"inputs": "${CANARY}` }))).toBe("400");
      expect(await outcome(send({ body: Buffer.concat([Buffer.from(CANARY), Buffer.from([0xff])]) }))).toBe("400");
      expect(await outcome(send({ method: "GET" }, `/v1/classify?q=${CANARY}`))).toBe("405");
      expect(await outcome(send({ body: SHORT }, `/${CANARY}/${CANARY}?${CANARY}=${CANARY}`))).toBe("404");
      expect(await ask(CANARY.repeat(70_000))).toBe("413");
      expect(await ask(`${CANARY} `.repeat(20_000))).toBe("413");
      expect(await outcome(send({ body: SHORT, headers: { "content-type": `text/${CANARY}` } }))).toBe("415");
      expect(await ask([CANARY, 7])).toBe("422");
      expect(await outcome(send({ body: JSON.stringify({ inputs: SHORT, parameters: { [CANARY]: 1 } }) }))).toBe("422");
    });

    it("takes every hang-up: in the middle of the head, of the body and before the answer, politely or by a reset", async () => {
      const head = hungUpHead(`/v1/classify?${CANARY}=${CANARY}`, 100_000);
      await hangUp(head.slice(0, -20));
      await hangUp(hungUpHead(`/${CANARY}/${CANARY}`, 10));
      await hangUp(`${head}{"inputs": "${CANARY}`);
      for (const reset of [false, true]) {
        await hangUp(`${head}${JSON.stringify({ inputs: `${LONG}${" ".repeat(99_000)}` }).slice(0, 100_000)}`, {
          reset,
        });
        await hangUp(`${hungUpHead(`/v1/classify?${CANARY}`, LONG.length + 13)}{"inputs": "${LONG}"}`, {
          reset,
          afterMs: 20,
        });
      }
      const refused = hungUpHead(`/${CANARY}`, 0).replace("POST", "GET");
      for (let time = 0; time < 5; time++) await hangUp(refused, { reset: true, afterMs: time });
      // The gateway has read what arrived before this.
      expect(await ask(SHORT)).toBe("200 edge within-share");
    });

    it("takes every failure: an origin that does not listen, one that answers 500, an edge without its model", async () => {
      const region = "us-east-1";
      const failingUrl = `http://127.0.0.1:${(failing.address() as AddressInfo).port}/`;
      await underPolicy({ override: "origin", origins: { unused: { url: unusedUrl, region } } });
      expect(await ask(SHORT)).toBe("200 edge origin-failed");
      expect(await ask(LONG)).toBe("503");
      await underPolicy({ model: `gone@${"0".repeat(64)}`, origins: { failing: { url: failingUrl, region } } });
      await until("the edge to find nothing", async () => {
        const { edge } = await (await fetch(`${system.gateway}/readyz`)).json();
        return edge.state === "rejected";
      });
      expect(await ask(SHORT)).toBe("503");
    });

    it("takes the residency rule", async () => {
      await underPolicy({ residency: { rules: [{ countries: ["EU", "US"], allow: [] }], unknown: "refuse" } });
      expect(await ask(SHORT)).toBe("451");
    });

    it("is in no trace, log or metric of either side, in nothing stored and in nothing printed", async () => {
      const viewed = await viewerHas(
        system,
        "the last spans in the viewer",
        (store) => store.includes('"spillway.refusal":"residency"') && store.includes('"tokenize"'),
      );
      const metrics = await viewerMetrics(system);
      const files = await filesBelow(system.stateFolder);
      // So that this test cannot pass by searching nothing.
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
        ...(await filesBelow(wranglerLogs())),
      ]);
      const forms = formsOf(CANARY);
      const found = [...places].filter(([, bytes]) => forms.some((form) => bytes.includes(form)));
      expect(found.map(([place]) => place)).toEqual([]);
    });

    it("is not joined by secrets: the origin's credentials are only in the gateway's variables, an API key is nowhere", async () => {
      const files = await filesBelow(system.stateFolder);
      const variables = files.get("gateway.json")?.toString() ?? "";
      const secrets = [...variables.matchAll(/"AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY)":"([^"]+)"/g)].map(
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
      places.delete("gateway.json");
      const found = [...places].filter(([, bytes]) => secrets.some((secret) => bytes.includes(secret)));
      expect(found.map(([place]) => place)).toEqual([]);
    });
  });
}
