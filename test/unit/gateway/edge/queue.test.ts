import { describe, expect, it } from "vitest";
import { EdgeQueue } from "../../../../gateway/edge/queue.ts";

function setUp() {
  let nowMs = 1_000_000;
  const queue = new EdgeQueue({
    nowMs: () => nowMs,
    wait: () => new Promise((resolve) => setImmediate(resolve)),
  });
  return {
    queue,
    moveMs: (ms: number) => {
      nowMs += ms;
    },
  };
}

const never = new AbortController().signal;
const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

describe("EdgeQueue", () => {
  it("runs one at a time, in order of arrival", async () => {
    const { queue } = setUp();
    const events: string[] = [];
    const work = (name: string) => async () => {
      events.push(`${name} begins`);
      await turns(3);
      events.push(`${name} ends`);
    };
    await Promise.all(["a", "b", "c"].map((name) => queue.takeTurn(10, never, work(name))));
    expect(events).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });

  it("knows what a newcomer would wait: the predicted times of all before it", async () => {
    const { queue } = setUp();
    expect(queue.waitMs()).toBe(0);
    const all = [100, 50, 25].map((predictedMs) => queue.takeTurn(predictedMs, never, () => turns(2)));
    expect(queue.waitMs()).toBe(175);
    await Promise.all(all);
    expect(queue.waitMs()).toBe(0);
  });

  it("passes the time that each text waited to its work", async () => {
    const { queue, moveMs } = setUp();
    const first = queue.takeTurn(10, never, async () => moveMs(70));
    const second = queue.takeTurn(10, never, async (queuedMs) => queuedMs);
    await first;
    expect(await second).toBe(70);
  });

  it("gives the turn on when the work throws", async () => {
    const { queue } = setUp();
    const failing = queue.takeTurn(10, never, async () => {
      throw new Error("no");
    });
    const next = queue.takeTurn(10, never, async () => "next");
    await expect(failing).rejects.toThrow("no");
    expect(await next).toBe("next");
  });

  it("never begins the work of a caller that hung up, and frees its place", async () => {
    const { queue } = setUp();
    const hungUp = new AbortController();
    let began = false;
    const first = queue.takeTurn(10, never, () => turns(5));
    const gone = queue.takeTurn(10, hungUp.signal, async () => {
      began = true;
    });
    const last = queue.takeTurn(10, never, async () => "last");
    hungUp.abort();
    expect(await gone).toBe("gone");
    expect(await last).toBe("last");
    await first;
    expect(began).toBe(false);
  });

  it("a request that died in its turn holds the queue no longer than its lease", async () => {
    const { queue, moveMs } = setUp();
    void queue.takeTurn(10, never, () => new Promise(() => {}));
    await turns(2);
    const next = queue.takeTurn(10, never, async () => "next");
    await turns(5);
    expect(queue.waitMs()).toBe(20);
    moveMs(5011);
    expect(await next).toBe("next");
    expect(queue.waitMs()).toBe(0);
  });
});
