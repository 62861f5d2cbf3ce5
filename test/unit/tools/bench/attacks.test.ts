/** The attacks that `bench -- attacks` sends: each is refused by the gateway's code, whatever this machine's speed. */
import { describe, expect, it } from "vitest";
import { readAnswer } from "../../../../gateway/origin/read-answer.ts";
import { receive } from "../../../../gateway/receive/receive.ts";
import { defaultPolicy } from "../../../../policies/parse.ts";
import { hostileBodies } from "../../../../tools/bench/attacks/bodies.ts";
import { hostileAnswers } from "../../../../tools/bench/attacks/hostile-origin.ts";
import { heapGrowth } from "../../../../tools/bench/attacks/measure.ts";
import { startTraceSink } from "../../../../tools/bench/attacks/trace-sink.ts";

const { limits } = defaultPolicy();
const slot = { reserveBytes: () => true, renew: () => {}, release: () => {} };
const clock = { nowMs: () => 0, wait: () => new Promise<never>(() => {}) };

describe("the attacks", () => {
  const bodies = hostileBodies();

  it.each(bodies.map(({ name, bytes }) => [name, bytes] as const))("the body %s is refused", async (_, body) => {
    expect(body.length).toBeGreaterThan(60_000);
    expect(body.length).toBeLessThanOrEqual(limits.bodyBytes);
    const headers = { "content-type": "application/json" };
    const request = new Request("http://gateway/", { method: "POST", headers, body });
    expect((await receive(request, limits, clock, slot)).ok).toBe(false);
  });

  const good = {
    model: `tagger@${"0".repeat(64)}`,
    labels: ["ham", "spam"],
    problemType: "single_label_classification" as const,
    windows: [{ tokens: 1, logits: [0, 0] }],
  };

  it.each(hostileAnswers(good).map(({ name, body }) => [name, body] as const))(
    "the answer %s is refused",
    async (_, body) => {
      expect(body.length).toBeLessThanOrEqual(2 * 2 ** 20);
      await expect(readAnswer(new Response(body))).rejects.toThrow("the origin did not answer");
    },
  );
});

describe("the heap's growth", () => {
  it("is the median and the maximum of the runs, each begun after a collection", async () => {
    const MIB = 2 ** 20;
    let run = -1;
    let isDuring = false;
    const growth = [0, 3, -50, 2, 90, 3, 3, 2];
    const heapUsage = async () => ({
      usedSize: (100 + (isDuring ? (growth[run] ?? 0) : 0)) * MIB,
      totalSize: 0,
      embedderHeapUsedSize: 0,
      backingStorageSize: 0,
    });
    const once = async () => {
      run += 1;
      isDuring = true;
      await new Promise((resolve) => setTimeout(resolve, 10));
      isDuring = false;
    };
    const collected: number[] = [];
    const collectedHeapUsage = () => {
      collected.push(run);
      return heapUsage();
    };
    expect(await heapGrowth({ heapUsage, collectedHeapUsage }, once, 7)).toEqual({
      heapGrowthMiB: 3,
      heapGrowthMaxMiB: 90,
    });
    expect(collected).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});

describe("the OTLP receiver", () => {
  it("counts root spans and looks for a word", async () => {
    const sink = await startTraceSink("kumquat");
    const spans = [{ kind: 2 }, { kind: 3 }, { kind: 2 }];
    const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
    await fetch(`${sink.url}/v1/traces`, { method: "POST", body });
    expect([sink.traces(), sink.hasSeen("kumquat")]).toEqual([2, false]);
    await fetch(`${sink.url}/v1/logs`, { method: "POST", body: '{"a": "one kumquat"}' });
    expect([sink.traces(), sink.hasSeen("kumquat")]).toEqual([2, true]);
    sink.close();
  });
});
