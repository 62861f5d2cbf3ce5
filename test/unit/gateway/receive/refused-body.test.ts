/** A refused body costs its bytes and little more: what is too much is not kept, and no long text of it is built. */
import { describe, expect, it, vi } from "vitest";
import { receive } from "../../../../gateway/receive/receive.ts";
import { defaultPolicy } from "../../../../policies/parse.ts";

const slot = { reserveBytes: () => true, renew: () => {}, release: () => {} };
const clock = { nowMs: () => 0, wait: () => new Promise<never>(() => {}) };
const headers = { "content-type": "application/json" };
const send = (body: BodyInit) =>
  receive(new Request("http://gateway/", { method: "POST", headers, body }), defaultPolicy().limits, clock, slot);

describe("a body of many values is refused before anything is built of it", () => {
  it.each([
    ["half a million numbers", `{"inputs":[${"1,".repeat(523_999)}1]}`],
    ["empty objects", `{"inputs":[${"{},".repeat(349_000)}{}]}`],
    ["empty lists in other keys", `{"inputs":"a","extra":[${"[],".repeat(300_000)}[]]}`],
    ["unknown parameters", `{"inputs":"a","parameters":{${'"k":1,'.repeat(100_000)}"k":1}}`],
    ["a thousand texts", JSON.stringify({ inputs: Array(1000).fill("a") })],
  ])("%s", async (_, body) => {
    const parse = vi.spyOn(JSON, "parse");
    const received = await send(body);
    expect(received).toEqual({
      ok: false,
      refusal: {
        code: "too-large",
        publicText: "The body has more than 448 values; at most 64 texts are allowed per request.",
        reason: "inputs",
      },
    });
    expect(parse).not.toHaveBeenCalledWith(body);
  });

  it("but not one with as many pairs as the policy allows, and parameters", async () => {
    const inputs = Array(64).fill({ text: "a, [b]", text_pair: "{c}" });
    const body = JSON.stringify({
      inputs,
      parameters: { top_k: 1 },
      options: { wait_for_model: true, use_cache: false },
    });
    expect(await send(body)).toMatchObject({ ok: true });
  });
});

describe("of a body, nothing is kept behind its first excess", () => {
  it.each([
    ["values", "1,".repeat(500), "inputs"],
    ["brackets", "[".repeat(500), "json-depth"],
    ["digits", "1".repeat(100_000), "invalid-json"],
    ["strings", '""'.repeat(500), "invalid-json"],
  ])("%s", async (_, piece, reason) => {
    const kept: number[] = [];
    const counting = { ...slot, reserveBytes: (bytes: number) => kept.push(bytes) > 0 };
    const pieces = Array.from({ length: 10 }, () => new TextEncoder().encode(piece));
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        const next = pieces.shift();
        if (next === undefined) controller.close();
        else controller.enqueue(next);
      },
    });
    // Node asks for `duplex`, which the DOM's type lacks.
    const init = { method: "POST", headers, body: stream, duplex: "half" };
    const request = new Request("http://gateway/", init);
    const received = await receive(request, defaultPolicy().limits, clock, counting);
    expect(received).toMatchObject({ ok: false, refusal: { reason } });
    expect(kept.length).toBeLessThan(8);
    // It was read to its end, so that its sender receives the answer.
    expect(pieces).toEqual([]);
  });
});

describe("no long text of a refused body is built", () => {
  const long = "a, [b] é 漢 ".repeat(4000);

  it.each([
    ["a wrong parameter", { inputs: long, parameters: { top_k: 0 } }, "shape"],
    ["an unknown parameter", { inputs: [long], parameters: { [long]: 1 } }, "shape"],
    ["a pair with a wrong text", { inputs: { text: long, text_pair: 7 } }, "shape"],
    ["only a text", long, "shape"],
    ["a text and nothing behind it", `{"inputs":"${long}"`, "invalid-json"],
    ["a key that is given twice", `{"inputs":"${long}","inputs":"${long}"}`, "shape"],
  ])("%s", async (_, body, reason) => {
    const parse = vi.spyOn(JSON, "parse");
    const received = await send(typeof body === "string" && body.startsWith("{") ? body : JSON.stringify(body));
    const longest = Math.max(...parse.mock.calls.map(([text]) => text.length));
    vi.restoreAllMocks();
    expect(received).toMatchObject({ ok: false, refusal: { reason } });
    expect(longest).toBeLessThan(1000);
  });

  it("but an accepted one is as it was sent, character by character", async () => {
    for (const inputs of [
      long,
      [long, "short"],
      [
        { text: long, text_pair: `${long}"\\\n` },
        { text: "a", text_pair: "b" },
      ],
    ]) {
      const received = await send(JSON.stringify({ inputs }));
      const texts = [inputs]
        .flat()
        .map((one) => (typeof one === "string" ? one : { text: one.text, textPair: one.text_pair }));
      // Not compared by vitest, which would print them.
      expect(received.ok && JSON.stringify(received.value.texts) === JSON.stringify(texts)).toBe(true);
    }
  });

  it.each([
    [
      "is not UTF-8",
      Buffer.concat([Buffer.from(`{"inputs":"${long}`), Buffer.from([0xff]), Buffer.from('"}')]),
      "invalid-utf8",
    ],
    ["has a control character", `{"inputs":"${long}\n"}`, "invalid-json"],
    ["is blank", JSON.stringify({ inputs: " ".repeat(2000) }), "empty-text"],
  ])("and a long text that %s is refused", async (_, body, reason) => {
    expect(await send(body)).toMatchObject({ ok: false, refusal: { reason } });
  });
});
