import { describe, expect, it, vi } from "vitest";
import { EdgeQueue } from "../../../../gateway/edge/queue.ts";

/** A text of the queue under test: texts of one letter may run together. */
interface Text {
  request: string;
  tokens: number;
}

function setUp() {
  let nowMs = 1_000_000;
  const waitsMs: number[] = [];
  const queue = new EdgeQueue<Text, unknown>({
    clock: {
      nowMs: () => nowMs,
      wait: (ms) => {
        waitsMs.push(ms);
        return new Promise((resolve) => setImmediate(resolve));
      },
    },
    mayJoin: (batch, next) => {
      const tokens = batch.reduce((sum, text) => sum + text.tokens, next.tokens);
      return batch.every(({ request }) => request === next.request) && tokens <= 100;
    },
    predictedMs: (batch) => 5 * batch.length,
  });
  let requests = 0;
  return {
    queue,
    waitsMs,
    nowMs: () => nowMs,
    moveMs: (ms: number) => {
      nowMs += ms;
    },
    /** A text that never runs with another one. */
    takeTurn: (predictedMs: number, signal: AbortSignal, work: (queuedMs: number) => Promise<unknown>) => {
      const item = { request: `single ${requests++}`, tokens: 1 };
      return queue.takeTurn({ item, predictedMs, signal }, async ([turn]) => [
        await work(nowMs - (turn?.joinedAtMs ?? 0)),
      ]);
    },
  };
}

const never = new AbortController().signal;
const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

describe("EdgeQueue", () => {
  it("runs one at a time, in order of arrival", async () => {
    const { takeTurn } = setUp();
    const events: string[] = [];
    const work = (name: string) => async () => {
      events.push(`${name} begins`);
      await turns(3);
      events.push(`${name} ends`);
    };
    await Promise.all(["a", "b", "c"].map((name) => takeTurn(10, never, work(name))));
    expect(events).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });

  it("knows what a newcomer would wait: the predicted times of all before it", async () => {
    const { queue, takeTurn } = setUp();
    expect(queue.waitMs()).toBe(0);
    const all = [100, 50, 25].map((predictedMs) => takeTurn(predictedMs, never, () => turns(2)));
    expect(queue.waitMs()).toBe(175);
    await Promise.all(all);
    expect(queue.waitMs()).toBe(0);
  });

  it("passes the time that each text waited to its work", async () => {
    const { takeTurn, moveMs } = setUp();
    const first = takeTurn(10, never, async () => moveMs(70));
    const second = takeTurn(10, never, async (queuedMs) => queuedMs);
    await first;
    expect(await second).toBe(70);
  });

  it("gives the turn on when the work throws", async () => {
    const { takeTurn } = setUp();
    const failing = takeTurn(10, never, async () => {
      throw new Error("no");
    });
    const next = takeTurn(10, never, async () => "next");
    await expect(failing).rejects.toThrow("no");
    expect(await next).toBe("next");
  });

  it("never begins the work of a caller that hung up, and frees its place", async () => {
    const { takeTurn } = setUp();
    const hungUp = new AbortController();
    let began = false;
    const first = takeTurn(10, never, () => turns(5));
    const gone = takeTurn(10, hungUp.signal, async () => {
      began = true;
    });
    const last = takeTurn(10, never, async () => "last");
    hungUp.abort();
    expect(await gone).toBe("gone");
    expect(await last).toBe("last");
    await first;
    expect(began).toBe(false);
  });

  it("50 waiting texts poll a few times each, and no time passes between their runs", async () => {
    vi.useFakeTimers();
    try {
      let polls = 0;
      const wait = (ms: number) => {
        polls += 1;
        return new Promise<void>((resolve) => setTimeout(resolve, Math.max(ms, 1)));
      };
      const clock = { nowMs: () => Date.now(), wait };
      const queue = new EdgeQueue<number, unknown>({ clock, mayJoin: () => false, predictedMs: () => 8 });
      const run = async () => [await wait(8)];
      const startedAtMs = Date.now();
      const all = Array.from({ length: 50 }, (_, item) => queue.takeTurn({ item, predictedMs: 8, signal: never }, run));
      await vi.runAllTimersAsync();
      await Promise.all(all);
      // A wait of this clock takes at least 1 ms.
      expect(Date.now() - startedAtMs).toBeLessThanOrEqual(50 * 9 + 1);
      expect(polls / 50).toBeLessThan(30);
    } finally {
      vi.useRealTimers();
    }
  });

  it("a request that died in its turn holds the queue no longer than its lease", async () => {
    const { queue, takeTurn, moveMs } = setUp();
    void takeTurn(10, never, () => new Promise(() => {}));
    await turns(2);
    const next = takeTurn(10, never, async () => "next");
    await turns(5);
    expect(queue.waitMs()).toBe(20);
    moveMs(5011);
    expect(await next).toBe("next");
    expect(queue.waitMs()).toBe(0);
  });

  it("a run that makes progress keeps its turn, however long it takes", async () => {
    const { queue, takeTurn, moveMs } = setUp();
    const events: string[] = [];
    const item = { request: "long", tokens: 1 };
    const long = queue.takeTurn({ item, predictedMs: 10, signal: never }, async ([turn]) => {
      for (let pause = 0; pause < 3; pause++) {
        moveMs(4000);
        turn?.renew();
        await turns(3);
      }
      events.push("long");
      return [null];
    });
    await Promise.all([long, takeTurn(10, never, async () => events.push("next"))]);
    expect(events).toEqual(["long", "next"]);
  });

  it("a run that has begun counts only for what is left of it, and an overdue one for nothing", async () => {
    const { queue, takeTurn, moveMs } = setUp();
    const end = Promise.withResolvers<void>();
    const running = takeTurn(100, never, () => end.promise);
    const waiting = takeTurn(30, never, async () => {});
    await turns(2);
    moveMs(60);
    expect(queue.waitMs()).toBe(40 + 30);
    moveMs(60);
    expect(queue.waitMs()).toBe(30);
    end.resolve();
    await Promise.all([running, waiting]);
  });
});

describe("texts of one request that are neighbours in the queue", () => {
  const join = (queue: EdgeQueue<Text, unknown>, runs: Text[][], item: Text, signal = never) =>
    queue.takeTurn({ item, predictedMs: 10, signal }, async (batch) => {
      runs.push(batch.map((turn) => turn.item));
      await turns(2);
      return batch.map((turn) => turn.item.tokens);
    });
  const text = (request: string, tokens: number): Text => ({ request, tokens });

  it("run together, each with its own result; those of another request run before and after them as they joined", async () => {
    const { queue } = setUp();
    const runs: Text[][] = [];
    const all = [text("a", 1), text("a", 2), text("b", 3), text("a", 4)].map((one) => join(queue, runs, one));
    expect(await Promise.all(all)).toEqual([1, 2, 3, 4]);
    expect(runs.map((run) => run.map(({ tokens }) => tokens))).toEqual([[1, 2], [3], [4]]);
  });

  it("run together only as far as they fit", async () => {
    const { queue } = setUp();
    const runs: Text[][] = [];
    await Promise.all([60, 40, 1].map((tokens) => join(queue, runs, text("a", tokens))));
    expect(runs.map((run) => run.map(({ tokens }) => tokens))).toEqual([[60, 40], [1]]);
  });

  it("and begin when others of it end run together too, without a wait between the two runs", async () => {
    const { queue, waitsMs } = setUp();
    const runs: Text[][] = [];
    const rest = [1, 2, 3, 4, 5, 6, 7, 8].values();
    const worker = async () => {
      for (const tokens of rest) await join(queue, runs, text("a", tokens));
    };
    await Promise.all(Array.from({ length: 4 }, worker));
    expect(runs.map((run) => run.map(({ tokens }) => tokens))).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ]);
    expect(new Set(waitsMs)).toEqual(new Set([0]));
  });

  it("run without one whose caller is gone", async () => {
    const { queue } = setUp();
    const runs: Text[][] = [];
    const gone = new AbortController();
    const all = [
      join(queue, runs, text("a", 1)),
      join(queue, runs, text("a", 2), gone.signal),
      join(queue, runs, text("a", 3)),
    ];
    gone.abort();
    expect(await Promise.all(all)).toEqual([1, "gone", 3]);
    expect(runs.map((run) => run.map(({ tokens }) => tokens))).toEqual([[1, 3]]);
  });

  it("count in the queue as texts, and in its wait as the one run that they are", async () => {
    const { queue } = setUp();
    const runs: Text[][] = [];
    const all = [1, 2, 3].map((tokens) => join(queue, runs, text("a", tokens)));
    expect([queue.texts(), queue.waitMs()]).toEqual([3, 30]);
    await turns(2);
    expect([queue.texts(), queue.waitMs()]).toEqual([3, 15]);
    await Promise.all(all);
    expect([queue.texts(), queue.waitMs()]).toEqual([0, 0]);
  });

  it("fail together, and the next text runs", async () => {
    const { queue } = setUp();
    const failing = [1, 2].map((tokens) =>
      queue.takeTurn({ item: text("a", tokens), predictedMs: 10, signal: never }, async () => {
        throw new Error("no");
      }),
    );
    const next = join(queue, [], text("b", 7));
    for (const one of await Promise.allSettled(failing)) expect(one).toMatchObject({ status: "rejected" });
    expect(await next).toBe(7);
  });
});
