/** Bench `overhead`: what the gateway's origin route costs over a bare Worker that parses and forwards, beside what Portkey's gateway costs. */
import { join } from "node:path";
import { shortModelId } from "../../../formats/model-package/names.ts";
import { createKey } from "../../spillway/keys/repository.ts";
import { withLocalKv } from "../../spillway/kv/local-kv.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { newCredentials } from "../../start/credentials.ts";
import { numberOption, oneOf, wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { type Bundle, bundleWorker, GATEWAY, withoutLedger } from "../system/bundle.ts";
import { bundleControlPlane, startControlPlane } from "../system/control-plane.ts";
import { hasLedger } from "../system/counted.ts";
import { edgeReady } from "../system/edge-ready.ts";
import { startGateway } from "../system/gateway.ts";
import { type EdgePackage, MODEL_OPTION, openPackage } from "../system/package.ts";
import { type RunningWorker, startWorker } from "../system/running-worker.ts";
import { startSink } from "../system/sink.ts";
import { storePackage } from "../system/stored-package.ts";
import { type Workspace, withWorkspace } from "../system/workspace.ts";
import { textsOf } from "../texts.ts";
import { ledgerDifferences } from "./ledger-pairs.ts";
import { Connections, type Target } from "./load.ts";
import { installPortkey, startPortkey } from "./portkey.ts";
import { LIMITERS, type LimiterName, type Measured, overheadReport, type SideName } from "./report.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

const LIMITED_IN_MEMORY = {
  ...GATEWAY,
  entry: "tools/bench/overhead/gateway-worker.ts",
};
/** By which the gateway finds the ledger. */
const REGISTRY = "overhead";
const BARE = { config: "tools/bench/overhead/wrangler.toml" };
const MAX_BENCH_MS = 30 * 60_000;
const ROUNDS = { min: 2, max: 200, fallback: 20 };
const CONNECTIONS = 16;
/** Requests per side and round. */
const IN_SEQUENCE = 50;
const AT_ONCE = 300;
/** V8 optimizes code that runs often. */
const WARM_UP_REQUESTS = 1500;
/** Of four blocks of 50 requests. */
const LEDGER_GROUPS_PER_ROUND = 4;
const TEXT_TOKENS = 64;
const DIFFERENT_TEXTS = 500;
/** Each may send 6,000 requests a minute. An isolate reads each from KV every 20 s, so more keys would measure the simulated KV. */
const KEYS = 4;

interface Variant {
  side: SideName;
  /** `sampling.ratio` of its policy. */
  ratio: number;
  countsForLedger: boolean;
}

const WHOLE: Variant = { side: "gateway", ratio: 1, countsForLedger: true };
const OTHERS: readonly Variant[] = [
  { side: "gateway, 10 % of traces", ratio: 0.1, countsForLedger: true },
  { side: "gateway, no ledger", ratio: 1, countsForLedger: false },
];

export const overheadBench: Bench = {
  name: "overhead",
  summary:
    "time that the gateway's origin route adds to a bare Worker that parses and forwards, beside Portkey's gateway",
  options: {
    ...MODEL_OPTION,
    rounds: numberOption("turns of each side", ROUNDS),
    limiter: {
      type: "string",
      about: "what counts the rate limits: the bench, in memory, or Miniflare's simulation",
      value: "name",
      allowed: "memory or simulated",
    },
    variants: {
      type: "boolean",
      about: "also measure the gateway that exports every tenth trace, and the gateway without a ledger",
    },
    "without-portkey": { type: "boolean", about: "leave Portkey's gateway out, which needs a network once" },
  },
  quick: { rounds: "3", "without-portkey": true },
  async run(values: OptionValues) {
    const rounds = wholeNumber(values, "rounds", ROUNDS);
    const withPortkey = values["without-portkey"] !== true;
    const limiter = oneOf(values, "limiter", LIMITERS);
    const variants = values["variants"] === true ? [WHOLE, ...OTHERS] : [WHOLE];
    if (withPortkey) await step("installing Portkey's gateway, if it is not installed", installPortkey);
    const opened = await openPackage(values);
    const upstream = await startUpstream(opened);
    return withWorkspace(MAX_BENCH_MS, (workspace) =>
      run(workspace, opened, upstream, { rounds, withPortkey, limiter, variants }),
    ).finally(upstream.close);
  },
};

async function run(
  workspace: Workspace,
  opened: EdgePackage,
  upstream: Upstream,
  { rounds, withPortkey, limiter, variants }: RunOptions,
): Promise<Report> {
  const texts = await textsOf(opened);
  const bodies = Array.from({ length: DIFFERENT_TEXTS }, (_, seed) => texts.make(TEXT_TOKENS, seed));
  const textOf = (request: number) => bodies[request % DIFFERENT_TEXTS] ?? "";
  const sink = await startSink();
  try {
    await step("building and starting the control plane", async () =>
      startControlPlane(workspace, await bundleControlPlane(workspace), REGISTRY),
    );
    const bundle = await step("building the gateway", () =>
      bundleWorker(limiter === "simulated" ? GATEWAY : LIMITED_IN_MEMORY, join(workspace.folder, "gateway")),
    );
    const gateways = [];
    for (const variant of variants) {
      const parts = { variant, bundle, upstream, otlpEndpoint: sink.url, textOf };
      gateways.push(await startKeyedGateway(workspace, opened, parts));
    }
    const targets: [SideName, Target][] = [
      ["bare Worker", await startBare(workspace, upstream, textOf)],
      ...gateways.map(({ side, target }): [SideName, Target] => [side, target]),
      ["direct", chatTarget(`${upstream.chatUrl}/chat/completions`, {}, textOf)],
    ];
    if (withPortkey) {
      const url = await step("starting Portkey's gateway", () => startPortkey(workspace));
      const headers = { "x-portkey-provider": "openai", "x-portkey-custom-host": upstream.chatUrl };
      targets.push(["Portkey", chatTarget(`${url}/v1/chat/completions`, headers, textOf)]);
    }
    const measured = await measure(targets, rounds);
    const [whole] = gateways;
    const other = gateways.find(({ side }) => side === "gateway, no ledger");
    const compare = (one: Target, another: Target) => () =>
      ledgerDifferences(one, another, rounds * LEDGER_GROUPS_PER_ROUND);
    const ledger = whole && other ? await step("with and without a ledger", compare(whole.target, other.target)) : null;
    const withLedger = whole !== undefined && (await hasLedger(whole.gateway));
    return overheadReport(measured, {
      model: shortModelId(opened.modelId),
      connections: CONNECTIONS,
      limiter,
      withLedger,
      ledger,
    });
  } finally {
    sink.close();
  }
}

type TextOf = (request: number) => string;

async function startBare(workspace: Workspace, { originUrl }: Upstream, textOf: TextOf): Promise<Target> {
  const folder = join(workspace.folder, "bare");
  const bundle = await step("building the bare Worker", () => bundleWorker(BARE, folder));
  const settings = { bundle, persistFolder: join(folder, "state"), variables: { ORIGIN_URL: originUrl } };
  const { url, pid } = await startWorker(workspace, { name: "bare worker", ...settings });
  const body = (request: number) => JSON.stringify({ inputs: textOf(request) });
  return { url, headers: () => ({}), body, processGroup: pid };
}

interface RunOptions {
  rounds: number;
  withPortkey: boolean;
  limiter: LimiterName;
  variants: readonly Variant[];
}

interface GatewayParts {
  variant: Variant;
  bundle: Bundle;
  upstream: Upstream;
  otlpEndpoint: string;
  textOf: TextOf;
}

/** Every text is outside the share: it is authenticated, counted, tokenized, decided and sent to the origin. */
async function startKeyedGateway(
  workspace: Workspace,
  opened: EdgePackage,
  { variant, bundle: built, upstream, otlpEndpoint, textOf }: GatewayParts,
): Promise<{ side: SideName; gateway: RunningWorker; target: Target }> {
  const { side, ratio, countsForLedger } = variant;
  const folder = join(workspace.folder, side.replaceAll(/\W+/g, "-"));
  const bundle = countsForLedger ? built : await withoutLedger(built, join(folder, "without-ledger"));
  const stored = await step(`publishing the package: ${side}`, () => storePackage(join(folder, "stored"), opened));
  const wanted = { name: "bench", scopes: ["classify"], expiresAt: null, limits: { rate: "large" as const } };
  const keys = await withLocalKv("KEYS", stored.persistFolder, async (kv) => {
    const made: string[] = [];
    while (made.length < KEYS) made.push((await createKey(kv, wanted, new Date())).key);
    return made;
  });
  const policy = { edge: { share: 0 }, sampling: { ratio } };
  const name = side.replaceAll(/\W+/g, " ");
  const settings = { name, bundle, stored, originUrl: upstream.originUrl, policy, otlpEndpoint };
  const gateway = await step(`starting and loading its model: ${side}`, async () => {
    const started = await startGateway(workspace, { ...settings, credentials: newCredentials(), registry: REGISTRY });
    await edgeReady(started);
    return started;
  });
  const target: Target = {
    url: `${gateway.url}/v1/classify`,
    headers: (request) => ({ authorization: `Bearer ${keys[request % KEYS]}` }),
    body: (request) => JSON.stringify({ inputs: textOf(request) }),
    processGroup: gateway.pid,
  };
  return { side, gateway, target };
}

function chatTarget(url: string, headers: Record<string, string>, textOf: TextOf): Target {
  const body = (request: number) =>
    JSON.stringify({ model: "classifier", messages: [{ role: "user", content: textOf(request) }] });
  return { url, headers: () => ({ authorization: "Bearer none", ...headers }), body, processGroup: null };
}

/** The sides take turns, in an order that alternates. */
async function measure(targets: readonly [SideName, Target][], rounds: number): Promise<Measured[]> {
  const sides = targets.map(([name, target]) => ({
    name,
    one: new Connections(target, 1),
    many: new Connections(target, CONNECTIONS),
    timesMs: [] as number[],
    perSecond: [] as number[],
    cpuMs: [] as number[],
  }));
  try {
    for (const { name, one, many } of sides) {
      await step(`warming up: ${name}`, async () => {
        await many.atOnce(WARM_UP_REQUESTS);
        await one.inSequence(IN_SEQUENCE);
      });
    }
    await step(`measuring, ${rounds} rounds`, async () => {
      for (let round = 0; round < rounds; round++) {
        for (const { one, many, timesMs, perSecond, cpuMs } of round % 2 === 0 ? sides : sides.toReversed()) {
          timesMs.push(...(await one.inSequence(IN_SEQUENCE)));
          const cpuBeforeMs = await many.cpuMs();
          perSecond.push(await many.atOnce(AT_ONCE));
          const cpuAfterMs = await many.cpuMs();
          if (cpuBeforeMs !== null && cpuAfterMs !== null) cpuMs.push((cpuAfterMs - cpuBeforeMs) / AT_ONCE);
        }
      }
    });
    return sides.map(({ name, timesMs, perSecond, cpuMs }) => ({ name, timesMs, perSecond, cpuMs }));
  } finally {
    for (const { one, many } of sides) {
      one.close();
      many.close();
    }
  }
}
