/** Callers that hang up: at every step of a load, at every step of a run, and in the middle of their bodies. */
import { type ClientRequest, request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { hangUp } from "../attacks/floods.ts";
import { textsOf } from "../texts.ts";
import { type HeldWork, type IsolateFacts, NEW_ISOLATE_HEADER } from "./controls.ts";
import type { Fault } from "./fault.ts";
import { MAX_EDGE_TOKENS } from "./known-texts.ts";
import { RETRY_BUDGET } from "./origin-faults.ts";
import type { FaultySystem } from "./system.ts";

/** From the hang-up until the Worker has noticed it. */
const NOTICED_MS = 25;
const POLL_MS = 5;
const MAX_HELD_MS = 3000;
/** From a hang-up until the model is ready all the same: a load that ended with its caller is begun again after 5 s. */
const MAX_READY_MS = 15_000;
/** A load or a run has fewer steps; the first step that is not reached ends the fault. */
const MAX_STEPS = 400;
/** Of a full run; `--quick` and long loads hang up at every n-th step. */
const MOST_HANG_UPS = { quick: 3, full: 40 } as const;
/** As long as the policy's edge accepts. */
const RUN_TOKENS = MAX_EDGE_TOKENS;

interface Caller {
  body: string;
  headers: Readonly<Record<string, string>>;
}

/** While the origin refuses connections, so that the caller waits for the load that it has begun. */
const load: Fault = {
  name: "callers hang up at each step of a load",
  part: "callers",
  isQuick: true,
  mayRefuseShort: RETRY_BUDGET,
  begin: ({ origin }) => origin.refuse(),
  during: async (system, quick) => {
    const [text] = system.texts.short;
    if (text === undefined) return;
    const caller = { body: text.body, headers: { ...system.headers(0), [NEW_ISOLATE_HEADER]: "1" } };
    await hangUpAtEach("load", caller, system, quick);
  },
  end: ({ origin }) => origin.listen(),
};

const run: Fault = {
  name: "callers hang up at each step of a run",
  part: "callers",
  isQuick: true,
  begin: () => {},
  during: async (system, quick) => {
    const { make } = await textsOf(system.opened);
    const caller = { body: JSON.stringify({ inputs: make(RUN_TOKENS, 0) }), headers: system.headers(0) };
    await hangUpAtEach("run", caller, system, quick);
  },
  end: ({ set }) => set({}),
};

const bodies: Fault = {
  name: "callers hang up in the middle of their bodies",
  part: "callers",
  isQuick: false,
  begin: () => {},
  during: async ({ gateway, headers }) => {
    const key = (headers(0)["authorization"] ?? "").replace("Bearer ", "");
    for (let round = 0; round < 20; round++) await hangUp(gateway.url, key);
  },
  end: () => {},
};

/** Learns how many steps there are, then hangs up at as many of them as are wanted, spread evenly. */
async function hangUpAtEach(work: HeldWork, caller: Caller, system: FaultySystem, quick: boolean): Promise<void> {
  const most = quick ? MOST_HANG_UPS.quick : MOST_HANG_UPS.full;
  const steps = await stepsOf(work, caller, system);
  const between = Math.max(1, Math.ceil(steps / most));
  for (let step = 0; step < Math.min(steps, MAX_STEPS); step += between) await hangUpAt({ work, step }, caller, system);
  await system.set({});
}

/** The steps of one request whose caller stays. */
async function stepsOf(work: HeldWork, { body, headers }: Caller, { gateway, set, facts }: FaultySystem) {
  await set({});
  const request = { method: "POST", headers: { "content-type": "application/json", ...headers }, body };
  await (await fetch(`${gateway.url}/v1/classify`, request)).arrayBuffer();
  return (await facts()).steps[work];
}

async function hangUpAt(hold: { work: HeldWork; step: number }, caller: Caller, system: FaultySystem): Promise<void> {
  await system.set({ hold });
  const sent = begin(caller, system.gateway.url);
  await until(system, ({ isHeld }) => isHeld, MAX_HELD_MS);
  sent.destroy();
  await sleep(NOTICED_MS);
  await system.set({});
  // Otherwise the loads of several new isolates, which share one thread in the bench, would run at once.
  await until(system, ({ isEdgeReady }) => isEdgeReady, MAX_READY_MS);
}

async function until({ facts }: FaultySystem, isSo: (facts: IsolateFacts) => boolean, maxMs: number): Promise<void> {
  const untilMs = performance.now() + maxMs;
  while (!isSo(await facts()) && performance.now() < untilMs) await sleep(POLL_MS);
}

function begin({ body, headers }: Caller, url: string): ClientRequest {
  const sent = httpRequest(`${url}/v1/classify`, {
    method: "POST",
    agent: false,
    headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body), ...headers },
  });
  sent.on("error", () => {}).on("response", (response) => response.resume().on("error", () => {}));
  sent.end(body);
  return sent;
}

/** @returns the faults in the order in which they are run */
export function hangUps(): Fault[] {
  return [load, run, bodies];
}
