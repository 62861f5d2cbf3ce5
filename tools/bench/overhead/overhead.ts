/** Bench `overhead`: what the gateway's origin route costs over a bare Worker that parses and forwards, beside what Portkey's gateway costs. */
import { join } from "node:path";
import { shortModelId } from "../../../formats/model-package/names.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { numberOption, oneOf, wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { bundleWorker, GATEWAY } from "../system/bundle.ts";
import { bundleControlPlane, startControlPlane } from "../system/control-plane.ts";
import { hasLedger } from "../system/counted.ts";
import { type EdgePackage, MODEL_OPTION, openPackage } from "../system/package.ts";
import { startWorker } from "../system/running-worker.ts";
import { startSink } from "../system/sink.ts";
import { type Workspace, withWorkspace } from "../system/workspace.ts";
import { textsOf } from "../texts.ts";
import { REGISTRY, startKeyedGateway, withoutLedger } from "./gateways.ts";
import { ledgerDifferences } from "./ledger-pairs.ts";
import { Connections, type Target } from "./load.ts";
import { installPortkey, startPortkey } from "./portkey.ts";
import { LIMITERS, type LimiterName, type Measured, overheadReport, type SideName } from "./report.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

const GATEWAYS = { ...GATEWAY, entry: "tools/bench/overhead/gateway-worker.ts" };
const BARE = { config: "tools/bench/overhead/wrangler.toml" };
const MAX_BENCH_MS = 30 * 60_000;
/** Of the upstream that takes its time: less than a warm Lambda of DistilBERT's size takes for 64 tokens. */
const ORIGIN_MS = { min: 1, max: 1000, fallback: 50 };
const ROUNDS = { min: 2, max: 200, fallback: 20 };
const CONNECTIONS = 16;
/** Requests per side and round. */
const IN_SEQUENCE = 50;
const AT_ONCE = 300;
/** V8 optimizes code that runs often. */
const WARM_UP_REQUESTS = 1500;
/** Of four blocks. */
const LEDGER_GROUPS_PER_ROUND = 8;
const TEXT_TOKENS = 64;
const DIFFERENT_TEXTS = 500;

export const overheadBench: Bench = {
  name: "overhead",
  summary:
    "time that the gateway's origin route adds to a bare Worker that parses and forwards, beside Portkey's gateway",
  options: {
    ...MODEL_OPTION,
    rounds: numberOption("turns of each side", ROUNDS),
    "origin-ms": numberOption("what the upstream takes, in ms, where it does not answer at once", ORIGIN_MS),
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
    const withVariants = values["variants"] === true;
    if (withPortkey) await step("installing Portkey's gateway, if it is not installed", installPortkey);
    const opened = await openPackage(values);
    const originMs = wholeNumber(values, "origin-ms", ORIGIN_MS);
    const upstream = await startUpstream(opened);
    return withWorkspace(MAX_BENCH_MS, (workspace) =>
      run(workspace, opened, upstream, { rounds, withPortkey, limiter, withVariants, originMs }),
    ).finally(upstream.close);
  },
};

async function run(
  workspace: Workspace,
  opened: EdgePackage,
  upstream: Upstream,
  { rounds, withPortkey, limiter, withVariants, originMs }: RunOptions,
): Promise<Report> {
  const texts = await textsOf(opened);
  const bodies = Array.from({ length: DIFFERENT_TEXTS }, (_, seed) => texts.make(TEXT_TOKENS, seed));
  const textOf = (request: number) => bodies[request % DIFFERENT_TEXTS] ?? "";
  const sink = await startSink();
  try {
    await step("building and starting the control plane", async () =>
      startControlPlane(workspace, await bundleControlPlane(workspace), REGISTRY),
    );
    const bundle = await step("building the gateway", () => bundleWorker(GATEWAYS, join(workspace.folder, "gateway")));
    const parts = { bundle, upstream, otlpEndpoint: sink.url, limiter, textOf };
    const start = (side: SideName, ratio: number) => startKeyedGateway(workspace, opened, { side, ratio, ...parts });
    const whole = await start("gateway", 1);
    const other = withoutLedger(whole.target);
    const variants: [SideName, Target][] = withVariants
      ? [
          ["gateway, 10 % of traces", (await start("gateway, 10 % of traces", 0.1)).target],
          ["gateway, no ledger", other],
        ]
      : [];
    const targets: [SideName, Target][] = [
      ["bare Worker", await startBare(workspace, upstream, textOf)],
      ["gateway", whole.target],
      ...variants,
      ["direct", chatTarget(`${upstream.chatUrl}/chat/completions`, {}, textOf)],
    ];
    if (withPortkey) {
      const url = await step("starting Portkey's gateway", () => startPortkey(workspace));
      const headers = { "x-portkey-provider": "openai", "x-portkey-custom-host": upstream.chatUrl };
      targets.push(["Portkey", chatTarget(`${url}/v1/chat/completions`, headers, textOf)]);
    }
    const measured = await measure(targets, upstream, { rounds, originMs });
    const compare = () => ledgerDifferences(whole.target, other, rounds * LEDGER_GROUPS_PER_ROUND);
    const ledger = withVariants ? await step("with and without a ledger", compare) : null;
    const withLedger = await hasLedger(whole.gateway);
    return overheadReport(measured, {
      model: shortModelId(opened.modelId),
      connections: CONNECTIONS,
      originMs,
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
  withVariants: boolean;
  originMs: number;
}

function chatTarget(url: string, headers: Record<string, string>, textOf: TextOf): Target {
  const body = (request: number) =>
    JSON.stringify({ model: "classifier", messages: [{ role: "user", content: textOf(request) }] });
  return { url, headers: () => ({ authorization: "Bearer none", ...headers }), body, processGroup: null };
}

/** The sides take turns, in an order that alternates. */
async function measure(
  targets: readonly [SideName, Target][],
  upstream: Upstream,
  { rounds, originMs }: Pick<RunOptions, "rounds" | "originMs">,
): Promise<Measured[]> {
  const sides = targets.map(([name, target]) => ({
    name,
    one: new Connections(target, 1),
    many: new Connections(target, CONNECTIONS),
    timesMs: [] as number[],
    perSecond: [] as number[],
    slowPerSecond: [] as number[],
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
        for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
          const { one, many, timesMs, perSecond, slowPerSecond, cpuMs } = side;
          timesMs.push(...(await one.inSequence(IN_SEQUENCE)));
          const cpuBeforeMs = await many.cpuMs();
          perSecond.push(await many.atOnce(AT_ONCE));
          const cpuAfterMs = await many.cpuMs();
          if (cpuBeforeMs !== null && cpuAfterMs !== null) cpuMs.push((cpuAfterMs - cpuBeforeMs) / AT_ONCE);
          upstream.takesMs = originMs;
          slowPerSecond.push(await many.atOnce(AT_ONCE));
          upstream.takesMs = 0;
        }
      }
    });
    return sides.map(({ one: _, many: __, ...measured }) => measured);
  } finally {
    for (const { one, many } of sides) {
      one.close();
      many.close();
    }
  }
}
