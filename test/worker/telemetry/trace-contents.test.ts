/** The contents of exported traces: nothing of a caller's text, and only what docs/reference/telemetry-spans.md lists. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { bearer, CREDENTIALS } from "../../support/credentials.ts";
import { CANARY, SHORT } from "../../support/texts.ts";
import { storeKey } from "../support/api-keys.ts";
import { publishEnginePackage } from "../support/engine-package.ts";
import { SERVER, tracedGateway } from "../support/traced-gateway.ts";
import { attributesOf, type Input, named, ours, type Sent, send, texts } from "../support/traced-requests.ts";

const { engine, gatewayWith } = tracedGateway();

describe("an exported trace", () => {
  it("holds nothing of the text, of keys or of credentials, on every path", async () => {
    const { key, id } = await storeKey({}, CANARY);
    const headers = {
      "x-api-key": key,
      ...bearer(key),
      "user-agent": CANARY,
      "cf-connecting-ip": "192.0.2.77",
      "x-forwarded-for": "192.0.2.77",
      "cf-ray": CANARY,
      baggage: `text=${CANARY}`,
      "x-tenant": CANARY,
    };
    const short = `${CANARY} is a prize`;
    const long = `${CANARY} is a prize `.repeat(100);
    const pair = { text: short, text_pair: short };
    const originFirst = { edge: { share: 0, stickyBy: "header:x-tenant" }, retryBudget: { percent: 100 } };
    const hedge = { enabled: true, afterMs: 20 };
    const paths: [string, object, Input[]][] = [
      ["ok", {}, [short, long]],
      ["ok", { shadow: { share: 100 } }, [pair, { text: short, text_pair: long }]],
      ["no-pairs", originFirst, [pair]],
      ["hands-back-hostile", {}, [long]],
      ["refuses-and-hands-back-hostile", {}, [long]],
      ["other-labels", {}, [long]],
      ["other-labels", originFirst, [short]],
      ["ok", { shadow: { share: 100 } }, [short]],
      ["http-500", { shadow: { share: 100 } }, [short]],
      ["hang", { ...originFirst, hedge }, [short]],
      ["ok", { candidate: { model: `mail-tagger@${"0".repeat(64)}`, share: 1 } }, [short]],
      ["ok", { residency: { rules: [{ countries: ["DE"], allow: [] }] } }, [short]],
      ["ok", { limits: { inputs: 1 } }, [short, short]],
      ["ok", { minTls: "1.3", limits: { bodyBytes: 5 } }, [short]],
      ["ok", { version: "no number" }, [short]],
      ...["http-413", "http-403", "http-429", "http-500", "broken-json", "reset-mid-body", "hang"].flatMap(
        (behaviour): [string, object, Input[]][] => [
          [behaviour, { ...originFirst, origin: { timeoutMs: 300 } }, [short, pair]],
          [behaviour, { origin: { timeoutMs: 300 } }, [long]],
        ],
      ),
    ];
    let bytes = "";
    let roots = 0;
    const collect = async (sending: Promise<Sent>) => {
      const sent = await sending;
      bytes += sent.bytes;
      roots += sent.spans.filter(({ kind, parentSpanId }) => kind === SERVER && parentSpanId === undefined).length;
    };
    const cf = { country: "DE", isEUCountry: "1" as const, asn: 64496 };
    for (const [behaviour, policy, inputs] of paths) {
      await collect(send(await gatewayWith(behaviour, policy), { ...texts(...inputs), headers, cf }));
    }
    const gateway = await gatewayWith("ok", {}, { variables: { PUBLIC_HOST: "gateway" } });
    const { key: revoked } = await storeKey({ revokedAt: "2026-01-01T00:00:00.000Z" }, CANARY);
    const { key: wrong } = await storeKey({ sha256: "0".repeat(64) }, CANARY);
    const sent = (key: string) => ({
      ...texts(short),
      headers: { "x-api-key": key, "cf-connecting-ip": "192.0.2.77" },
    });
    const refusals = [
      ...[CANARY, revoked, wrong].map(sent),
      { body: `{"inputs": "${CANARY}` },
      { body: `{"${CANARY}": 1}` },
      { body: `{"inputs": {"text": "${CANARY}", "${CANARY}": "${CANARY}"}}` },
      { body: CANARY, headers: { ...headers, "content-type": `text/${CANARY}` } },
      { body: "", method: "GET" },
      { body: "", path: `/${CANARY}?q=${CANARY}` },
      { ...texts(short), cf: { ...cf, tlsVersion: "TLSv1.2" } },
    ];
    for (const refusal of refusals) await collect(send(gateway, { headers, cf, ...refusal }));
    for (const fault of ["broken", "full"] as const) {
      engine[fault] = true;
      await collect(send(await gatewayWith("http-500", {}), { ...texts(short), headers, cf }));
      engine[fault] = false;
    }
    const slowEdge = Promise.withResolvers<void>();
    const hedged = await gatewayWith("ok", { hedge: { enabled: true, afterMs: 5 } });
    engine.onRun = () => slowEdge.promise;
    await collect(send(hedged, { ...texts(short), headers, cf, onAnswer: slowEdge.resolve }));
    // More accents than the tokenizer accepts on a letter.
    const { modelId: MODEL } = await publishEnginePackage({ tokenizer: { normalizer: { type: "NFC" } } });
    const refusing = await gatewayWith("ok", {}, { variables: { MODEL } });
    await collect(send(refusing, { ...texts(`${CANARY}${"\u0301".repeat(2000)}`), headers, cf }));
    // The trace of a caller that does not sample, and is refused, is kept all the same.
    const unsampled = { ...headers, traceparent: `00-${"4".repeat(32)}-00f067aa0ba902b7-00` };
    bytes += (await send(gateway, { body: "", method: "GET", headers: unsampled, cf })).bytes;
    expect(roots).toBe(paths.length + refusals.length + 4);
    for (const secret of [CANARY, "hostile-5e1f0a", "192.0.2.77", "AWS4", ...Object.values(CREDENTIALS)]) {
      expect(bytes).not.toContain(secret);
    }
    for (const code of ["64496", id, "key-revoked", "key-unknown", "key-malformed"]) expect(bytes).toContain(code);
  });

  it("reports that a rate is unknown where the limiter gave no answer", async () => {
    const RATE_STANDARD = { limit: () => Promise.reject(new Error("the limiter is down")) };
    const gateway = await gatewayWith("ok", {}, { variables: { ANONYMOUS_RATE: "standard", RATE_STANDARD } });
    const { spans, response } = await send(gateway, texts(SHORT));
    expect(response.status).toBe(200);
    expect(attributesOf(named(spans, "authenticate"))).toMatchObject({ "spillway.rate.unknown": true });
  });

  // It reads the traces of all the requests of this file, so it fails when run without the others.
  it("has the spans and attributes that docs/reference/telemetry-spans.md lists, all of them, and no others", async () => {
    const page = await (await env.FILES.fetch("http://files/docs/reference/telemetry-spans.md")).text();
    const rows = (page.split("\n## ").find((section) => section.startsWith("The spans of the gateway\n")) ?? "")
      .split("\n")
      .flatMap((line) => (/^\| `[a-zA-Z]/.test(line) ? [line.split("|").map(backticked)] : []));
    const listed = new Map(
      rows.flatMap(([, [name = ""] = [], , , , attributes]) => (attributes ? [[name, attributes]] : [])),
    );
    const own = rows.flatMap(([, [name = ""] = []]) => (name.startsWith("spillway.") ? [name] : []));
    const seen = new Map<string, Set<string>>();
    for (const span of ours()) {
      const name = span.kind === SERVER ? "POST /v1/classify" : span.name;
      const keys = seen.get(name) ?? new Set();
      for (const { key } of span.attributes) keys.add(key);
      seen.set(name, keys);
    }
    const sorted = (keys: Iterable<string>) => [...keys].toSorted();
    for (const [name, keys] of seen) expect([name, sorted(keys)]).toEqual([name, sorted(listed.get(name) ?? [])]);
    expect(sorted(seen.keys())).toEqual(sorted(listed.keys()));
    const used = new Set([...seen.values()].flatMap((keys) => [...keys].filter((key) => key.startsWith("spillway."))));
    expect(sorted(own)).toEqual(sorted(used));
  });
});

const backticked = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
