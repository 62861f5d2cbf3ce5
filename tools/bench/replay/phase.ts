/** One day at one share: fresh gateways in workerd, a separate ledger, and every text's answer. */
import { type Call, classifyWithScores, type Scores } from "../classify.ts";
import type { Bundle } from "../system/bundle.ts";
import { startControlPlane } from "../system/control-plane.ts";
import { type Counted, countedOnce } from "../system/counted.ts";
import { edgeReady } from "../system/edge-ready.ts";
import { type GatewaySettings, type PolicyDocument, startGateway } from "../system/gateway.ts";
import type { RunningWorker } from "../system/running-worker.ts";
import type { Workspace } from "../system/workspace.ts";
import type { MakeText } from "../texts.ts";
import type { DayText } from "./day.ts";
import type { Lambda, LambdaCounts } from "./lambda.ts";
import { type DayClock, replayDay } from "./skip-idle.ts";

export interface AnsweredText {
  text: DayText;
  /** Which of the day's isolates received it, from 0. */
  isolate: number;
  /** From the start, by the caller's clock, which does not skip. */
  sentAtMs: number;
  /** Null if there was no answer. */
  call: (Call & { scores: Scores }) | null;
}

export interface ReplayedDay {
  sharePercent: number;
  answers: AnsweredText[];
  lambda: LambdaCounts;
  counted: Counted;
  /** Without what was skipped. */
  tookMs: number;
}

export interface System {
  workspace: Workspace;
  gatewayBundle: Bundle;
  controlBundle: Bundle;
  gateway: Pick<GatewaySettings, "stored" | "originUrl" | "credentials">;
  lambda: Lambda;
  make: MakeText;
  clock: DayClock;
}

export interface PhaseSpec {
  sharePercent: number;
  day: readonly DayText[];
  /** Of the first isolate's life, from midnight. */
  fromMs: number;
  isolateLifeMs: number;
  /** One after another; each is cold at first. */
  isolates: number;
}

/** A Lambda without a gateway has neither a breaker for slow calls nor a timeout that a cold start exceeds. */
const PATIENT = { origin: { timeoutMs: 30_000 }, breaker: { origin: { slowMs: 30_000 } } } as const;

export interface Phase {
  sharePercent: number;
  /** Sends the day's texts. */
  run(): Promise<Omit<ReplayedDay, "counted" | "sharePercent">>;
  /** The ledger's counts, once so many requests have arrived; ends the processes. */
  count(requests: number): Promise<Counted>;
}

/** Starts the day's isolates. None has received a request that loads its model. @throws Error with one sentence */
export async function startPhase(system: System, spec: PhaseSpec): Promise<Phase> {
  const { workspace, gatewayBundle, controlBundle, lambda, clock, make } = system;
  const { sharePercent, day, isolates, isolateLifeMs } = spec;
  const registry = `share-${sharePercent}`;
  const control = await startControlPlane(workspace, controlBundle, registry);
  const policy: PolicyDocument = { edge: { share: sharePercent, stickyBy: "text" }, ...PATIENT };
  const gateways: RunningWorker[] = [];
  for (let index = 0; index < isolates; index++) {
    const name = `gateway ${sharePercent} ${index}`;
    const settings = { ...system.gateway, name, bundle: gatewayBundle, registry, policy: index === 0 ? policy : null };
    gateways.push(await startGateway(workspace, settings));
  }
  const startedAtUnixMs = Date.now();
  const isolateAt = (atMs: number) => Math.min(isolates - 1, Math.floor((atMs - spec.fromMs) / isolateLifeMs));
  return {
    sharePercent,
    async run() {
      lambda.takeCounts();
      const startedAtMs = performance.now();
      const answers = await replayDay(day, clock, (text, index) => {
        const isolate = isolateAt(text.atMs);
        const gateway = gateways[isolate];
        if (gateway === undefined) throw new RangeError(`no isolate ${isolate}`);
        const sentAtMs = performance.now() - startedAtMs;
        const answer = classifyWithScores(gateway.url, make(text.tokens, index))
          .catch(() => null)
          .then((call): AnsweredText => ({ text, isolate, sentAtMs, call }));
        // The isolate loads its model meanwhile. At real pace the load has ended before most next texts.
        const settled = answer.then(({ call }) => (call?.because === "edge-cold" ? edgeReady(gateway) : null));
        return { answer, settled };
      });
      return { answers, lambda: lambda.takeCounts(), tookMs: performance.now() - startedAtMs };
    },
    async count(requests) {
      const counted = await countedOnce(requests, new URL(control.url), startedAtUnixMs);
      for (const worker of [...gateways, control]) await worker.stop();
      return counted;
    },
  };
}
