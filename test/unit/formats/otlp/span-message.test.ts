import { describe, expect, it } from "vitest";
import { keyValues } from "../../../../formats/otlp/attributes.ts";
import { SPAN_KIND, type SpanParts, STATUS, spanMessage } from "../../../../formats/otlp/span-message.ts";

const parts: SpanParts = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  traceFlags: 1,
  traceState: undefined,
  parent: null,
  name: "POST /",
  kind: SPAN_KIND.server,
  startUnixNano: 1_795_460_017_868_000_000n,
  endUnixNano: "1795460017869000000",
  attributes: keyValues({ "spillway.tokens": 7, gone: undefined }),
  statusCode: STATUS.unset,
};

describe("a span message", () => {
  it("has its parts in OTLP's fields", () => {
    expect(spanMessage(parts)).toEqual({
      traceId: parts.traceId,
      spanId: parts.spanId,
      flags: 0x101,
      name: "POST /",
      kind: 2,
      startTimeUnixNano: "1795460017868000000",
      endTimeUnixNano: "1795460017869000000",
      attributes: [{ key: "spillway.tokens", value: { intValue: "7" } }],
      status: { code: 0 },
    });
  });

  it.each([
    ["no parent", null, 0x101],
    ["a parent in the same process", { spanId: "00f067aa0ba902b7", isRemote: false }, 0x101],
    ["a parent in another process", { spanId: "00f067aa0ba902b7", isRemote: true }, 0x301],
  ])("flags %s", (_, parent, flags) => {
    expect(spanMessage({ ...parts, parent })).toMatchObject({ flags });
  });

  it("has one byte of trace flags", () => {
    expect(spanMessage({ ...parts, traceFlags: 0x1_03 })).toMatchObject({ flags: 0x103 });
  });

  it.each(["", "two\nlines", "Grüße", "x".repeat(201)])("is unnamed where its name may be a text: %j", (name) => {
    expect(spanMessage({ ...parts, name })).toMatchObject({ name: "unnamed" });
  });
});
