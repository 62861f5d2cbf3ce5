/** With a clock that the test moves: a wait ends when the test ends it. */
import { describe, expect, it } from "vitest";
import { decodeCells } from "../../../../formats/ledger/codec.ts";
import { type LedgerDelta, parseDelta } from "../../../../formats/ledger/delta.ts";
import type { IsolateEvent, TextEnded } from "../../../../gateway/record/events.ts";
import { Ledger, type LedgerNamespace } from "../../../../gateway/record/ledger.ts";

const TEXT: TextEnded = {
  kind: "text-ended",
  ...{ arm: "inside", side: "edge", origin: null, because: "within-share", outcome: "ok" },
  ...{ tookMs: 20, queueMs: 1, policyVersion: 7, model: "mail@1", assignedModel: null, country: "DE" },
};
const STATUS = {
  policy: 7,
  model: "mail@1",
  candidate: null,
  edgeState: "ready",
  breakers: { edge: "closed" },
  queuedTexts: 0,
};

function isolate(
  answer: (delta: LedgerDelta) => Promise<unknown> = async () => ({ nextAfterMs: 5000 }),
  isBound = true,
) {
  let nowMs = 1_000_000;
  let waits: { untilMs: number; end: () => void }[] = [];
  const clock = {
    nowMs: () => nowMs,
    wait: (ms: number) => new Promise<void>((end) => waits.push({ untilMs: nowMs + ms, end })),
  };
  const received: { delta: LedgerDelta; name: string; hint: string }[] = [];
  const namespace: LedgerNamespace<string> = {
    idFromName: (name) => name,
    get: (name, { locationHint: hint }) => ({
      record: (delta) => {
        received.push({ delta, name, hint });
        return answer(delta);
      },
    }),
  };
  const ledger = new Ledger({
    namespace: isBound ? (namespace as LedgerNamespace) : null,
    ...{ clock, isolate: "isolate-1", worker: "v1", status: () => STATUS },
  });
  const request = (...events: readonly IsolateEvent[]) => {
    const kept: Promise<unknown>[] = [];
    ledger.during({ keepAlive: (work) => kept.push(work), hint: "weur", colo: "FRA" }, () => {
      for (const event of events) ledger.count(event);
    });
    return kept;
  };
  return {
    ...{ ledger, received, request },
    /** Ends every request: what waits now never continues. */
    cancel: () => {
      waits = [];
    },
    async moveMs(ms: number) {
      nowMs += ms;
      const due = waits.filter(({ untilMs }) => untilMs <= nowMs);
      waits = waits.filter(({ untilMs }) => untilMs > nowMs);
      for (const { end } of due) end();
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    },
  };
}

const texts = ({ cells }: LedgerDelta) =>
  [...decodeCells(cells)].find(({ series }) => series.kind === "text")?.cell.n ?? 0;

describe("the counts of an isolate", () => {
  it("leave once, 5 s after the first of them, under the request that made it, to the shard of its location", async () => {
    const { request, received, moveMs, ledger } = isolate();
    expect(request(TEXT, TEXT)).toHaveLength(1);
    expect(request(TEXT)).toHaveLength(0);
    await moveMs(4999);
    expect(received).toHaveLength(0);
    await moveMs(1);
    expect(received).toMatchObject([
      { name: "shard:weur", hint: "weur", delta: { isolate: "isolate-1", seq: 1, recordsBefore: 0 } },
    ]);
    expect(received.map(({ delta }) => [texts(delta), parseDelta(delta).status.colo])).toEqual([[3, "FRA"]]);
    expect(ledger.counts()).toEqual({ state: "on", sent: 3, lost: 0, lastFailure: null });
  });

  it("are numbered, and each message states how many records came before it", async () => {
    const { request, received, moveMs } = isolate();
    for (const count of [2, 3, 1]) {
      request(...Array<TextEnded>(count).fill(TEXT));
      await moveMs(5000);
    }
    expect(received.map(({ delta }) => [delta.seq, delta.recordsBefore])).toEqual([
      [1, 0],
      [2, 2],
      [3, 5],
    ]);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ["refuses", () => Promise.reject(new TypeError("no")), "TypeError"],
    ["never answers", () => new Promise(() => {}), "LedgerTimeout"],
  ])(
    "that go to a ledger that %s are lost and counted, not sent again, and it is asked more rarely",
    async (_, answer, failure) => {
      let isDown = true;
      const { request, received, moveMs, ledger } = isolate(() => (isDown ? answer() : Promise.resolve({})));
      request(TEXT, TEXT);
      await moveMs(5000);
      await moveMs(10_000);
      expect(ledger.counts()).toEqual({ state: "on", sent: 0, lost: 2, lastFailure: failure });
      isDown = false;
      request(TEXT);
      await moveMs(14_999);
      expect(received).toHaveLength(1);
      await moveMs(1);
      expect(received.map(({ delta }) => [delta.seq, delta.recordsBefore, texts(delta)])).toEqual([
        [1, 0, 2],
        [2, 2, 1],
      ]);
      expect(ledger.counts()).toEqual({ state: "on", sent: 1, lost: 2, lastFailure: null });
    },
  );

  it("that a cancelled request has left are sent by the next one", async () => {
    const { request, received, moveMs, cancel } = isolate();
    request(TEXT);
    cancel();
    await moveMs(8000);
    expect(request()).toHaveLength(1);
    await moveMs(5000);
    expect(received.map(({ delta }) => texts(delta))).toEqual([1]);
  });

  it("are sent as often as the shard wishes, within 5 to 15 s, whatever it answers", async () => {
    const wishes = [12_000, 1, 99_999, Number.NaN, "soon", null];
    const { request, received, moveMs } = isolate(async ({ seq }) => ({ nextAfterMs: wishes[seq - 1] }));
    const waitedMs = [];
    for (const _ of wishes) {
      request(TEXT);
      const before = received.length;
      let ms = 0;
      for (; received.length === before; ms += 1000) await moveMs(1000);
      waitedMs.push(ms);
    }
    expect(waitedMs).toEqual([5000, 12_000, 5000, 15_000, 5000, 5000]);
  });

  it("stay within their bound: what is over it is lost and counted, and answers nothing wrong", async () => {
    const { request, received, moveMs, ledger } = isolate();
    const many = Array.from(
      { length: 3000 },
      (_, at): TextEnded => ({ ...TEXT, because: `reason-${at % 1000}`, tookMs: 1 + at }),
    );
    request(...many);
    await moveMs(5000);
    const { delta } = received[0] ?? { delta: null };
    if (delta === null) throw new Error("no message");
    const cells = decodeCells(delta.cells);
    expect(cells.size).toBeLessThanOrEqual(130);
    const counted = [...cells].reduce((sum, { series, cell }) => sum + (series.kind === "text" ? cell.n : 0), 0);
    expect(counted).toBeGreaterThan(0);
    expect(ledger.counts()).toEqual({ state: "on", sent: counted, lost: 3000 - counted, lastFailure: null });
    request(TEXT);
    await moveMs(5000);
    expect(received[1]?.delta.recordsBefore).toBe(3000);
  });

  it("have the id of each key that was used, once; those of a message that failed are in the next one", async () => {
    let isDown = true;
    const { request, received, moveMs } = isolate(async () => (isDown ? Promise.reject(new Error("down")) : {}));
    const used = (keyId: string): IsolateEvent => ({ kind: "key-used", keyId });
    request(used("aaaaaaaaaaaa"), TEXT, used("aaaaaaaaaaaa"), TEXT);
    await moveMs(5000);
    isDown = false;
    request(used("bbbbbbbbbbbb"), TEXT);
    await moveMs(15_000);
    request(...Array.from({ length: 1500 }, (_, at) => used(String(at))), TEXT);
    await moveMs(15_000);
    expect(received.map(({ delta }) => delta.keysUsed)).toEqual([
      ["aaaaaaaaaaaa"],
      ["aaaaaaaaaaaa", "bbbbbbbbbbbb"],
      Array.from({ length: 1000 }, (_, at) => String(at)),
    ]);
  });

  it("of a deployment without a ledger are none", async () => {
    const { request, received, moveMs, ledger } = isolate(undefined, false);
    expect(request(TEXT)).toHaveLength(0);
    await moveMs(60_000);
    expect(received).toHaveLength(0);
    expect(ledger.counts()).toEqual({ state: "off", sent: 0, lost: 0, lastFailure: null });
  });
});
