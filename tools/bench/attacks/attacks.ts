/** Bench `attacks`: what an attacker costs the isolate, and what other callers notice of it. */
import { join } from "node:path";
import { POLICY_KEY } from "../../../policies/store.ts";
import { createKey } from "../../spillway/keys/repository.ts";
import { withLocalKv } from "../../spillway/kv/local-kv.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { newCredentials } from "../../start/credentials.ts";
import { numberOption, wholeNumber } from "../arguments.ts";
import type { Bench, Report } from "../bench.ts";
import { Inspector } from "../memory/inspector.ts";
import { bundleWorker, GATEWAY } from "../system/bundle.ts";
import { edgeReady } from "../system/edge-ready.ts";
import { startGateway } from "../system/gateway.ts";
import { MODEL_OPTION, openPackage } from "../system/package.ts";
import { storePackage } from "../system/stored-package.ts";
import { type Workspace, withWorkspace } from "../system/workspace.ts";
import { type Attack, MAX_HEAP_MIB, type Target } from "./attack.ts";
import { hostileBodies } from "./bodies.ts";
import { floods, post } from "./floods.ts";
import { type HostileOrigin, hostileAnswers, startHostileOrigin } from "./hostile-origin.ts";
import { HEAP_RUNS, heapGrowth, openBreakers, othersDuring, type Pace } from "./measure.ts";
import { attacksReport, type Row } from "./report.ts";
import { startTraceSink, type TraceSink } from "./trace-sink.ts";

const MAX_BENCH_MS = 10 * 60_000;
const SHORT = "The minutes of the meeting are attached.";
/** Too long for the edge, also as a fallback. */
const LONG = `${SHORT} `.repeat(250);
const OPERATOR_TOKEN = "a-token-of-this-bench-and-no-other";
/** What a stranger tries to put into telemetry. */
const WORD = "kumquat";
const WARM_UP_TEXTS = 8;
/** Another caller waits for its answers when so many are missing, as a client with a pool of connections does. */
const SHORT_TEXTS = { everyMs: 25, maxInFlight: 8 };
/** A call of the throttled origin takes 60 ms, and another caller needs one of its places. With several it would limit itself. */
const LONG_TEXTS = { everyMs: 100, maxInFlight: 1 };
/** The hostile origin's own failures open no breaker, so that each of its answers is read. */
const POLICY = {
  version: 1,
  sampling: { ratio: 0 },
  breaker: { origin: { consecutive: 1000, minCalls: 10_000 } },
  // On a slow machine another caller's short text waits for the edge: it must not meet the hostile origin.
  edge: { maxQueueMs: 30_000 },
};

export const attacksBench: Bench = {
  name: "attacks",
  summary: "heap, thread and other callers' wait for each attack of the threat model",
  options: {
    ...MODEL_OPTION,
    only: { type: "string", about: "only the attacks whose name contains this", value: "text" },
    runs: numberOption("runs of each attack while the heap is measured", HEAP_RUNS),
  },
  // Without those that take seconds each.
  quick: { runs: "2" },
  async run(values) {
    const runs = wholeNumber(values, "runs", HEAP_RUNS);
    const opened = await openPackage(values);
    const origin = await startHostileOrigin(opened);
    const sink = await startTraceSink(WORD);
    const only = typeof values["only"] === "string" ? values["only"] : "";
    const pace = values["quick"] === true ? "quick" : "full";
    const parts = { opened, origin, sink, only, runs, pace } as const;
    return withWorkspace(MAX_BENCH_MS, (workspace) => run(workspace, parts)).finally(() => {
      origin.close();
      sink.close();
    });
  },
};

interface Parts {
  opened: Awaited<ReturnType<typeof openPackage>>;
  origin: HostileOrigin;
  sink: TraceSink;
  /** Runs only attacks whose name contains this. */
  only: string;
  /** Of each attack while the heap is measured. */
  runs: number;
  pace: Pace;
}

async function run(workspace: Workspace, { opened, origin, sink, only, runs, pace }: Parts): Promise<Report> {
  const bundle = await step("building the gateway", () => bundleWorker(GATEWAY, join(workspace.folder, "gateway")));
  const stored = await step("publishing the package", () => storePackage(join(workspace.folder, "stored"), opened));
  const attacks = allAttacks(origin).filter(
    ({ name, isSlow }) => name.includes(only) && (pace === "full" || isSlow === undefined),
  );
  const keys = await step("creating API keys", () => createKeys(stored.persistFolder, attacks.length + 1));
  const gateway = await step("starting the gateway", () =>
    startGateway(workspace, {
      name: "gateway",
      bundle,
      stored,
      originUrl: origin.url,
      credentials: newCredentials(),
      policy: POLICY,
      otlpEndpoint: sink.url,
      variables: { ANONYMOUS_ACCESS: "refused", OPERATOR_TOKEN },
    }),
  );
  const { url } = gateway;
  await step("loading the model", () => edgeReady(gateway, { authorization: `Bearer ${OPERATOR_TOKEN}` }));
  const writePolicy = (text: string) => withLocalKv("POLICIES", stored.persistFolder, (kv) => kv.put(POLICY_KEY, text));
  const inspector = await Inspector.connect(gateway);
  const problems: string[] = [];
  const rows: Row[] = [];
  const partiesOf = (index: number): Parties => {
    const [key = "", smallKey = "", othersKey = ""] = keys[index] ?? [];
    const target = { url, origin, sink, key, smallKey, operatorToken: OPERATOR_TOKEN, writePolicy };
    return { target, inspector, othersKey, runs, pace };
  };
  try {
    // V8 compiles what every attack runs through during the first one.
    const [first] = allAttacks(origin);
    if (first !== undefined) await step("warming up", () => measure(first, partiesOf(attacks.length)));
    for (const [index, attack] of attacks.entries()) {
      const row = await step(attack.name, () => measure(attack, partiesOf(index)));
      rows.push(row.row);
      problems.push(...row.problems);
    }
  } finally {
    inspector.close();
  }
  return attacksReport(rows, problems);
}

/** Every attack, the one that blocks this machine's address last. */
function allAttacks(origin: HostileOrigin): Attack[] {
  const bodies = hostileBodies().map(
    ({ name, bytes, atOnce }): Attack => ({
      name: `body: ${name}`,
      // Whether V8 collects between the four is chance.
      bounds: atOnce === 1 ? "each-run" : "median",
      others: "short",
      async once({ url, key }) {
        const send = () => post(url, bytes, { authorization: `Bearer ${key}` });
        for (const status of await Promise.all(Array.from({ length: atOnce }, send))) mustBeRefused(name, status);
      },
    }),
  );
  const answers = hostileAnswers(origin.good).map(
    ({ name, body }): Attack => ({
      name: `origin: ${name}`,
      bounds: "each-run",
      others: "short",
      breaksOrigin: true,
      begin: () => origin.answerWith(body),
      async once({ url, key }) {
        mustBeRefused(name, await post(url, JSON.stringify({ inputs: LONG }), { authorization: `Bearer ${key}` }));
      },
      end: () => {
        origin.behave();
        return null;
      },
    }),
  );
  return [...bodies, ...answers, ...floods(WORD)];
}

function mustBeRefused(name: string, status: number): void {
  if (status < 400) throw new Error(`"${name}" was answered ${status}; it must be refused.`);
}

interface Parties {
  target: Target;
  inspector: Inspector;
  othersKey: string;
  runs: number;
  pace: Pace;
}

async function measure(
  attack: Attack,
  { target, inspector, othersKey, runs, pace }: Parties,
): Promise<{ row: Row; problems: string[] }> {
  const isShort = attack.others === "short";
  const body = JSON.stringify({ inputs: isShort ? SHORT : LONG });
  const ask = async () => (await post(target.url, body, { authorization: `Bearer ${othersKey}` })) === 200;
  const other = { ask, ...(isShort ? SHORT_TEXTS : LONG_TEXTS) };
  for (let text = 0; text < WARM_UP_TEXTS; text++) await ask();
  await attack.begin?.(target);
  const once = () => attack.once(target);
  const row = {
    attack: attack.name,
    ...(await heapGrowth(inspector, once, attack.isSlow ? 1 : runs)),
    ...(await othersDuring(inspector, other, once, pace)),
  };
  const boundedMiB = { "each-run": row.heapGrowthMaxMiB, median: row.heapGrowthMiB, none: 0 }[attack.bounds ?? "none"];
  const open = attack.breaksOrigin ? [] : await openBreakers(target);
  const broken = await attack.end?.(target);
  return {
    row,
    problems: [
      ...(boundedMiB > MAX_HEAP_MIB ? [`${boundedMiB} MiB of heap`] : []),
      ...(row.othersRefused > 0 ? [`${row.othersRefused} requests of another caller were refused`] : []),
      ...open.map((name) => `the breaker ${name} opened`),
      ...(broken ? [broken] : []),
    ].map((problem) => `"${attack.name}": ${problem}`),
  };
}

/** For each attack and the warm-up: the attacker's key, one at the lowest rate, and another caller's. */
function createKeys(persistFolder: string, attacks: number): Promise<string[][]> {
  const now = new Date();
  return withLocalKv("KEYS", persistFolder, async (kv) => {
    const create = async (rate: "small" | "large") => {
      const wanted = { name: "bench", scopes: ["classify"], expiresAt: null, limits: { rate } };
      return (await createKey(kv, wanted, now)).key;
    };
    const keys: string[][] = [];
    for (let attack = 0; attack < attacks; attack++) {
      keys.push([await create("large"), await create("small"), await create("large")]);
    }
    return keys;
  });
}
