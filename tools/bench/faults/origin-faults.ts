/** Faults of the origin: its network, its answers, its processes, its access. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "./fault.ts";
import type { OriginFault } from "./origin.ts";

const ANSWERS: readonly (readonly [name: string, fault: OriginFault, isQuick: boolean])[] = [
  ["origin: connections are reset", "reset", true],
  ["origin: half a body", "half-body", true],
  ["origin: hangs", "hang", true],
  ["origin: 500", "http-500", true],
  ["origin: 429", "http-429", true],
  ["origin: junk", "junk", true],
  ["origin: slow", "slow", true],
  ["origin: a flood of bytes", "flood", true],
  ["origin: another model's labels", "other-labels", true],
  ["origin: labels in another order", "swapped-labels", false],
  ["origin: expired credentials", "expired-signature", true],
  ["origin: unknown credentials", "unknown-key", false],
];
const KILL_EVERY_MS = 400;
/** docs/decisions/016-fallbacks-and-hedges.md */
export const RETRY_BUDGET =
  "The retry budget: of a burst that meets a failing origin, a few texts are refused before its breaker opens.";

/** Whatever is asked, the isolate is warm. */
const answers = ANSWERS.map(
  ([name, fault, isQuick]): Fault => ({
    name,
    part: "origin",
    isQuick,
    begin: ({ origin }) => origin.fail(fault),
    end: ({ origin }) => origin.fail(null),
  }),
);

/** The isolate is new: each short text waits for the model, or is answered by the origin. */
const cold = (["hang", "http-500", "http-429", "expired-signature", "other-labels"] as const).map(
  (fault): Fault => ({
    name: `origin: ${fault}, in a new isolate`,
    part: "origin",
    isQuick: fault === "http-500",
    mayRefuseShort: RETRY_BUDGET,
    begin: async ({ origin, newIsolate }) => {
      origin.fail(fault);
      await newIsolate();
    },
    end: ({ origin }) => origin.fail(null),
  }),
);

const network: Fault[] = [
  {
    name: "origin: connections are refused",
    part: "origin",
    isQuick: true,
    begin: ({ origin }) => origin.refuse(),
    end: ({ origin }) => origin.listen(),
  },
  {
    name: "origin: connections are refused, in a new isolate",
    part: "origin",
    isQuick: false,
    mayRefuseShort: RETRY_BUDGET,
    begin: async ({ origin, newIsolate }) => {
      await origin.refuse();
      await newIsolate();
    },
    end: ({ origin }) => origin.listen(),
  },
  {
    name: "origin: an instance is killed",
    part: "origin",
    isQuick: true,
    begin: ({ origin }) => origin.killInstances(1),
    during: async ({ origin }, quick) => {
      for (let kill = 0; kill < (quick ? 1 : 4); kill++) {
        await sleep(KILL_EVERY_MS);
        origin.killInstances(1);
      }
    },
    end: () => {},
  },
  {
    name: "origin: all instances are killed",
    part: "origin",
    isQuick: false,
    begin: ({ origin }) => origin.killInstances(Number.POSITIVE_INFINITY),
    // Until instances have started, the origin cannot answer.
    end: ({ origin }) => origin.warm(),
  },
];

/** @returns the faults in the order in which they are run */
export function originFaults(): Fault[] {
  return [...network, ...answers, ...cold];
}
