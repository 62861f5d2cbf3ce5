import { describe, expect, it } from "vitest";
import { GrowingBlock, readBoundedBody } from "../../../formats/bounded-body.ts";

/** A body that arrives in pieces; `cancelled` is set when its reader stops early. */
function bodyOf(pieces: readonly (Uint8Array | Error)[], { endless = false } = {}) {
  const left = [...pieces];
  const state = { cancelled: false };
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = left.shift();
      if (piece instanceof Error) controller.error(piece);
      else if (piece !== undefined) controller.enqueue(piece);
      else if (!endless) controller.close();
    },
    cancel() {
      state.cancelled = true;
    },
  });
  return { stream, state, left };
}

const bytes = (count: number) => new Uint8Array(count).fill(7);

describe("a body is read", () => {
  it("whole, up to its bound", async () => {
    const { stream } = bodyOf([bytes(3), bytes(2)]);
    expect(await readBoundedBody(stream, { maxBytes: 5 })).toEqual({ ok: true, bytes: bytes(5) });
    expect(await readBoundedBody(null, { maxBytes: 5 })).toEqual({ ok: true, bytes: bytes(0) });
  });

  it("no further than its bound: the rest is cancelled", async () => {
    const { stream, state } = bodyOf([bytes(3), bytes(3)], { endless: true });
    expect(await readBoundedBody(stream, { maxBytes: 5 })).toEqual({ ok: false, why: "too-large" });
    expect(state.cancelled).toBe(true);
  });

  it("to its end and discarded when it is too large and its sender waits for an answer", async () => {
    const { stream, state, left } = bodyOf([bytes(6), bytes(3)]);
    expect(await readBoundedBody(stream, { maxBytes: 5, drain: true })).toEqual({ ok: false, why: "too-large" });
    expect([left.length, state.cancelled]).toEqual([0, false]);
  });

  it("until its deadline", async () => {
    const { stream, state } = bodyOf([bytes(1)], { endless: true });
    const deadline = Promise.withResolvers<void>();
    const reading = readBoundedBody(stream, { maxBytes: 5, deadline: deadline.promise });
    deadline.resolve();
    expect(await reading).toEqual({ ok: false, why: "late" });
    expect(state.cancelled).toBe(true);
  });

  it("while there is room for it", async () => {
    const { stream } = bodyOf([bytes(2), bytes(2)]);
    let left = 3;
    const reserve = (count: number) => {
      left -= count;
      return left >= 0;
    };
    expect(await readBoundedBody(stream, { maxBytes: 5, reserve })).toEqual({ ok: false, why: "no-room" });
  });

  it("while its collector wants it: the rest is cancelled, or read and discarded", async () => {
    for (const drainUnwanted of [false, true]) {
      const { stream, state, left } = bodyOf([bytes(2), bytes(2), bytes(2), bytes(2)]);
      const added: number[] = [];
      const into = { add: (piece: Uint8Array) => added.push(piece.length) < 2, bytes: new Uint8Array() };
      const read = await readBoundedBody(stream, { maxBytes: 8, into, drainUnwanted });
      expect(read).toEqual({ ok: false, why: "unwanted" });
      expect([added.length, state.cancelled, left.length === 0]).toEqual([2, !drainUnwanted, drainUnwanted]);
    }
  });

  it("and each piece is freed where it belongs to the read, but not one that has neighbours", async () => {
    const shared = bytes(4);
    const pieces = [bytes(2), shared.subarray(2)];
    expect(await readBoundedBody(bodyOf(pieces).stream, { maxBytes: 5, freePieces: true })).toEqual({
      ok: true,
      bytes: bytes(4),
    });
    expect([pieces[0]?.byteLength, shared]).toEqual([0, bytes(4)]);
  });

  it("until it breaks", async () => {
    const { stream } = bodyOf([bytes(2), new Error("reset")]);
    expect(await readBoundedBody(stream, { maxBytes: 5 })).toEqual({ ok: false, why: "broken" });
  });
});

describe("pieces", () => {
  it("of any size become one block in their order", () => {
    const whole = Uint8Array.from({ length: 200_000 }, (_, at) => at % 251);
    for (const sizes of [[1], [1, 7, 100], [8192], [100_000], [199_999, 1]]) {
      const block = new GrowingBlock();
      for (let at = 0, turn = 0; at < whole.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1;
        block.add(whole.subarray(at, at + size));
        at += size;
      }
      expect(Buffer.compare(block.bytes, whole)).toBe(0);
      expect(block.size).toBe(whole.length);
    }
  });

  it("of one byte, a million of them, cost one block of at most twice their size", () => {
    const block = new GrowingBlock();
    const piece = new Uint8Array(1);
    for (let at = 0; at < 1_000_000; at++) block.add(piece);
    expect(block.bytes.buffer.byteLength).toBeLessThanOrEqual(2_000_000 + 8192);
  });
});
