/** With a clock that the test moves: a cancelled request is one whose wait never ends. */
import { describe, expect, it } from "vitest";
import type { Requests, SpanMessage } from "../../../../formats/otlp/messages.ts";
import { otlpSettings } from "../../../../formats/otlp/settings.ts";
import { spanMessage } from "../../../../formats/otlp/span-message.ts";
import { Exporter } from "../../../../gateway/telemetry/exporter.ts";
import { SEND_TRACES_AFTER_MS, TraceQueue } from "../../../../gateway/telemetry/trace-queue.ts";

const RESOURCE = [{ key: "service.name", value: { stringValue: "spillway-gateway" } }];
const ORIGIN = [{ key: "service.name", value: { stringValue: "spillway-origin" } }];

function spansOf(name: string, count: number): SpanMessage[] {
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const at = { startUnixNano: 1n, endUnixNano: 2n };
  const span = { traceId, traceFlags: 1, traceState: undefined, parent: null, kind: 1, attributes: [], statusCode: 0 };
  return Array.from({ length: count }, (_, index) => ({
    ...spanMessage({ ...span, ...at, name, spanId: index.toString(16).padStart(16, "0") }),
  }));
}

function isolate(endpoint = "http://backend.test") {
  const posts: Requests["traces"]["resourceSpans"][] = [];
  let waits: { untilMs: number; end: () => void }[] = [];
  let nowMs = 0;
  const clock = {
    nowMs: () => nowMs,
    // The exporter's wait of 1 ms, which lets the response leave, is over at once.
    wait: (ms: number) =>
      ms <= 1 ? Promise.resolve() : new Promise<void>((end) => waits.push({ untilMs: nowMs + ms, end })),
  };
  const exporter = new Exporter({
    clock,
    fetch: async (_, init) => {
      const body: Requests["traces"] = JSON.parse(String(init?.body));
      posts.push(body.resourceSpans);
      return new Response();
    },
  });
  const queue = new TraceQueue({ clock, exporter, resource: RESOURCE });
  const otlp = otlpSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
  const kept: Promise<unknown>[] = [];
  return {
    queue,
    exporter,
    posts,
    kept,
    /** A trace ends in a request. */
    add: (name: string, count = 2, returned = 0) => {
      const messages = () => spansOf(name, count);
      const originSpans = returned === 0 ? [] : [{ resource: ORIGIN, spans: spansOf("POST /", returned) }];
      queue.add({ spans: count + returned, messages, originSpans }, { otlp, keepAlive: (work) => kept.push(work) });
    },
    cancel: () => {
      waits = [];
    },
    async moveMs(ms: number) {
      nowMs += ms;
      for (const { end } of waits.filter(({ untilMs }) => untilMs <= nowMs)) end();
      waits = waits.filter(({ untilMs }) => untilMs > nowMs);
    },
    names: () =>
      posts.map((resources) =>
        resources.flatMap(({ scopeSpans }) => scopeSpans[0]?.spans.map(({ name }) => name) ?? []),
      ),
  };
}

describe("finished traces", () => {
  it("are sent together in one POST, 250 ms after the first, by its request", async () => {
    const { add, moveMs, kept, posts, names } = isolate();
    add("first");
    await moveMs(SEND_TRACES_AFTER_MS - 1);
    add("second", 1);
    expect(kept).toHaveLength(1);
    expect(posts).toEqual([]);
    await moveMs(1);
    await Promise.all(kept);
    expect(names()).toEqual([["first", "first", "second"]]);
    add("third", 1);
    expect(kept).toHaveLength(2);
    await moveMs(SEND_TRACES_AFTER_MS);
    await Promise.all(kept);
    expect(names()).toEqual([["first", "first", "second"], ["third"]]);
  });

  it("are each under the resource of the program that made their spans", async () => {
    const { add, moveMs, kept, posts } = isolate();
    add("one", 1, 2);
    add("two", 1, 1);
    await moveMs(SEND_TRACES_AFTER_MS);
    await Promise.all(kept);
    const byResource = posts
      .flat()
      .map(({ resource, scopeSpans }) => [
        resource.attributes,
        scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name)),
      ]);
    expect(byResource).toEqual([
      [RESOURCE, ["one", "two"]],
      [ORIGIN, ["POST /", "POST /"]],
      [ORIGIN, ["POST /"]],
    ]);
  });

  it("of a request that was cancelled are sent by a later one", async () => {
    const { add, cancel, moveMs, kept, names } = isolate();
    add("lost?", 1);
    cancel();
    await moveMs(SEND_TRACES_AFTER_MS + 3_000);
    add("later", 1);
    expect(kept).toHaveLength(2);
    await moveMs(SEND_TRACES_AFTER_MS);
    await kept[1];
    expect(names()).toEqual([["lost?", "later"]]);
  });

  it("are sent in POSTs of at most 512 spans, unless one trace has more", async () => {
    const { add, moveMs, kept, names } = isolate();
    for (const count of [300, 212, 1, 600, 5]) add(`of ${count}`, count);
    await moveMs(SEND_TRACES_AFTER_MS);
    await Promise.all(kept);
    expect(names().map((sent) => sent.length)).toEqual([512, 1, 600, 5]);
  });

  it("over 4,096 waiting spans are dropped and counted", async () => {
    const { add, queue, exporter, moveMs, kept, names } = isolate();
    add("large", 4_095);
    add("too much", 2);
    expect([queue.spans, exporter.counts().dropped.traces]).toEqual([4_095, 2]);
    add("fits", 1);
    await moveMs(SEND_TRACES_AFTER_MS);
    await Promise.all(kept);
    expect(queue.spans).toBe(0);
    expect(exporter.counts()).toMatchObject({ exported: { traces: 4_096 }, dropped: { traces: 2 } });
    expect(names().flat()).not.toContain("too much");
  });

  it("are neither kept nor made into messages where no backend is configured", () => {
    const { add, queue, kept } = isolate("");
    add("none");
    expect([queue.spans, kept]).toEqual([0, []]);
  });
});
