import { glob, readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { nowOrRecently, pauseBeside } from "../../../../gateway/edge/pause-beside.ts";

/** A clock that is moved by hand and counts waits; `workMs` is what others need in each turn of the event loop. */
function parts() {
  const state = { nowMs: 1000, waits: 0, othersWait: false, isOver: false, workMs: [] as number[] };
  const pause = pauseBeside({
    clock: {
      nowMs: () => state.nowMs,
      wait: async (ms) => {
        expect(ms).toBe(0);
        state.waits += 1;
        state.nowMs += state.workMs.shift() ?? 0;
      },
    },
    othersWait: () => state.othersWait,
    alive: () => {
      if (state.isOver) throw new Error("another load has replaced this one");
    },
  });
  const turns = async (workMs: number[] = []) => {
    state.waits = 0;
    state.workMs = workMs;
    await pause();
    return state.waits;
  };
  return { state, turns };
}

it("is one turn of the event loop in an isolate without other requests", async () => {
  const { turns } = parts();
  expect([await turns(), await turns([3]), await turns()]).toEqual([1, 1, 1]);
});

it("is several turns while another request is in progress, and for a moment after it", async () => {
  const { state, turns } = parts();
  expect(await turns()).toBe(1);
  state.othersWait = true;
  expect(await turns()).toBe(4);
  const recently = nowOrRecently(() => state.othersWait, { nowMs: () => state.nowMs });
  expect(recently()).toBe(true);
  state.othersWait = false;
  state.nowMs += 99;
  expect(recently()).toBe(true);
  state.nowMs += 1;
  expect(recently()).toBe(false);
});

it("lasts while others use the thread: until four turns in a row had no work", async () => {
  const { state, turns } = parts();
  state.othersWait = true;
  expect(await turns([0, 2, 0, 0, 1])).toBe(9);
});

it("ends after 8 ms, so that requests that never end do not stop the load", async () => {
  const { state, turns } = parts();
  state.othersWait = true;
  expect(await turns(Array(100).fill(1))).toBe(8);
  expect(await turns([30, 1, 1])).toBe(1);
});

it("ends the load before it waits", async () => {
  const { state, turns } = parts();
  state.isOver = true;
  await expect(turns()).rejects.toThrow("another load has replaced this one");
  expect(state.waits).toBe(0);
});

it("is no scheduler.wait, nor is any other wait of the gateway: it leaves objects that V8 frees with the whole heap only", async () => {
  for await (const file of glob("gateway/**/*.ts"))
    expect((await readFile(file, "utf8")).replace(/\/\/.*/g, ""), file).not.toMatch(
      /scheduler\s*\.\s*wait|\bscheduler\b.*\bwait\b/,
    );
});
