/** Bodies in blocks, inside workerd: what is read is what was sent. */
import { describe, expect, it } from "vitest";
import { inBlocks } from "../../../formats/body-blocks.ts";
import { readBoundedBody } from "../../../formats/bounded-body.ts";

describe("a body", () => {
  const ofBytes = (count: number) => Uint8Array.from({ length: count }, (_, at) => at % 251);
  const PIECES = [1, 8190, 1, 1, 9000, 20_000];
  const maxBytes = 100_000;

  it.each([0, 1, 300, 8191, 8192, 8193, 16_384, 20_000])("of %i bytes is the same in blocks", async (size) => {
    const message = new Response(ofBytes(size));
    expect(await readBoundedBody(inBlocks(message), { maxBytes })).toEqual({ ok: true, bytes: ofBytes(size) });
  });

  it.each([
    ["no length", {}],
    ["its length", { "content-length": "300" }],
  ])("that is short is read at once, with %s", async (_, headers) => {
    const reader = inBlocks(new Response(ofBytes(300), { headers }))?.getReader();
    expect(await reader?.read()).toEqual({ done: false, value: ofBytes(300) });
    expect((await reader?.read())?.done).toBe(true);
  });

  it.each([
    ["a body that is longer than its length", { "content-length": "1" }],
    ["a body that is encoded, which may be any times longer", { "content-length": "1", "content-encoding": "gzip" }],
  ])("%s is refused by its own size", async (_, headers) => {
    const message = new Response(ofBytes(20_000), { headers, encodeBody: "manual" });
    expect(await readBoundedBody(inBlocks(message), { maxBytes: 10_000 })).toEqual({ ok: false, why: "too-large" });
  });

  it("that breaks off is broken, also with its length", async () => {
    const { readable, writable } = new FixedLengthStream(300);
    const writer = writable.getWriter();
    void writer.write(ofBytes(100)).then(() => writer.abort(new Error("reset")));
    const message = new Response(readable, { headers: { "content-length": "300" } });
    expect(await readBoundedBody(inBlocks(message), { maxBytes })).toEqual({ ok: false, why: "broken" });
  });

  it("that arrives in pieces is the same in blocks; one that breaks off is broken", async () => {
    const whole = ofBytes(PIECES.reduce((sum, size) => sum + size, 0));
    for (const breaksOff of [false, true]) {
      const { readable, writable } = new IdentityTransformStream();
      const writer = writable.getWriter();
      const write = async () => {
        let at = 0;
        for (const size of PIECES) {
          await writer.write(whole.slice(at, at + size));
          at += size;
        }
        await (breaksOff ? writer.abort(new Error("reset")) : writer.close());
      };
      const [read] = await Promise.all([
        readBoundedBody(inBlocks(new Response(readable)), { maxBytes }),
        write().catch(() => {}),
      ]);
      expect(read).toEqual(breaksOff ? { ok: false, why: "broken" } : { ok: true, bytes: whole });
    }
  });

  it("of a stream that a script made is read in its pieces", async () => {
    const made = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(ofBytes(3));
        controller.close();
      },
    });
    const message = new Response(made);
    expect(inBlocks(message)).toBe(message.body);
    expect(await readBoundedBody(message.body, { maxBytes })).toEqual({ ok: true, bytes: ofBytes(3) });
  });
});
