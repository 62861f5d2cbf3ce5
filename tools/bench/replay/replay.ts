/** Bench `replay`: a day of texts against the local Lambda with its cold starts, 10 % at the edge and then all of it. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { shortModelId } from "../../../formats/model-package/names.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { newCredentials } from "../../start/credentials.ts";
import { numberOption, oneOf, wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { bundleWorker, GATEWAY } from "../system/bundle.ts";
import { bundleControlPlane } from "../system/control-plane.ts";
import { type EdgePackage, openPackage } from "../system/package.ts";
import { storePackage } from "../system/stored-package.ts";
import { type Workspace, withWorkspace } from "../system/workspace.ts";
import { textsOf } from "../texts.ts";
import { measureAccuracy } from "./accuracy.ts";
import { dayOf, hoursOf, MS_PER_HOUR } from "./day.ts";
import { type Lambda, startLambda } from "./lambda.ts";
import { type Phase, type ReplayedDay, type System, startPhase } from "./phase.ts";
import { problemOf, replayResult, type Settings, startUp, TEXTS_PER_MONTH } from "./report.ts";
import { simulatedOf } from "./simulated.ts";
import { DayClock } from "./skip-idle.ts";
import { goalsTable, replayNotes, replayTables } from "./tables.ts";

const MAX_BENCH_MS = 20 * 60_000;
const TEXTS = { min: 20, max: 20_000, fallback: 300 };
const FROM_HOUR = { min: 0, max: 23, fallback: 0 };
const HOURS = { min: 1, max: 24, fallback: 24 };
const SEED = { min: 0, max: 1_000_000, fallback: 1 };
/** Observed by many, and not promised by AWS: as `spillway plan` assumes. */
const INSTANCE_LIFE_MIN = { min: 1, max: 600, fallback: 10 };
const START_UP_MS = { min: 0, max: 10_000, fallback: 0 };
/** As `spillway plan` assumes; Cloudflare documents none. */
const ISOLATE_LIFE_H = { min: 1, max: 24, fallback: 6 };
const MAILS = { min: 20, max: 1189, fallback: 1189 };
const DAYS_PER_MONTH = 365.25 / 12;
const REAL_TIME = { nowMs: () => performance.now(), wait: (ms: number) => sleep(ms) };

export const replayBench: Bench = {
  name: "replay",
  summary: "a day against the local Lambda with its cold starts: 10 % of the texts at the edge, then all of them",
  options: {
    model: {
      type: "string",
      about: "a generated package of DistilBERT's size, or the package of npm start",
      value: "name",
      allowed: "distilbert or default",
    },
    texts: numberOption("texts of the day", TEXTS),
    seed: numberOption("another seed makes another day", SEED),
    "from-hour": numberOption("the first hour that is replayed", FROM_HOUR),
    hours: numberOption("how many hours are replayed", HOURS),
    "instance-life-min": numberOption("minutes after which an idle Lambda instance ends", INSTANCE_LIFE_MIN),
    "start-up-ms": numberOption("added to each measured cold start of Lambda, in ms", START_UP_MS),
    "isolate-life-h": numberOption("hours after which an isolate ends", ISOLATE_LIFE_H),
    mails: numberOption("held-out mails of the accuracy comparison", MAILS),
  },
  quick: { "from-hour": "5", hours: "3", mails: "40" },
  async run(values: OptionValues) {
    const settings: Settings = {
      seed: wholeNumber(values, "seed", SEED),
      texts: wholeNumber(values, "texts", TEXTS),
      fromHour: wholeNumber(values, "from-hour", FROM_HOUR),
      hours: wholeNumber(values, "hours", HOURS),
      instanceLifeMin: wholeNumber(values, "instance-life-min", INSTANCE_LIFE_MIN),
      addedStartUpMs: wholeNumber(values, "start-up-ms", START_UP_MS),
      isolateLifeH: wholeNumber(values, "isolate-life-h", ISOLATE_LIFE_H),
    };
    const mails = wholeNumber(values, "mails", MAILS);
    const opened = await openPackage({ model: oneOf(values, "model", ["distilbert", "default"]) });
    const credentials = newCredentials();
    const clock = new DayClock(REAL_TIME, settings.fromHour * MS_PER_HOUR);
    const lambda = await step("starting the origin, without an instance", () =>
      startLambda({
        modelFolder: opened.folder,
        credentials,
        idleLifeMs: settings.instanceLifeMin * 60_000,
        nowMs: () => clock.nowMs(),
        addedStartUpMs: settings.addedStartUpMs,
      }),
    );
    return withWorkspace(MAX_BENCH_MS, (workspace) =>
      run(workspace, { opened, lambda, clock, credentials, settings, mails }),
    ).finally(lambda.close);
  },
};

interface Parts {
  opened: EdgePackage;
  lambda: Lambda;
  clock: DayClock;
  credentials: ReturnType<typeof newCredentials>;
  settings: Settings;
  mails: number;
}

async function run(workspace: Workspace, parts: Parts): Promise<Report> {
  const { opened, lambda, clock, credentials, settings, mails } = parts;
  const [gatewayBundle, controlBundle, stored] = await step("building both Workers, publishing the package", () =>
    Promise.all([
      bundleWorker(GATEWAY, join(workspace.folder, "gateway")),
      bundleControlPlane(workspace),
      storePackage(join(workspace.folder, "stored"), opened),
    ]),
  );
  const { make } = await textsOf(opened);
  const gateway = { stored, originUrl: lambda.url, credentials };
  const system: System = { workspace, gatewayBundle, controlBundle, gateway, lambda, make, clock };
  const day = hoursOf(dayOf(settings), settings);
  const isolateLifeMs = settings.isolateLifeH * MS_PER_HOUR;
  const isolates = Math.max(1, Math.ceil(settings.hours / settings.isolateLifeH));
  /** @param days after the first one: the clock does not go back */
  const start = (sharePercent: number, days: number) => {
    const offsetMs = days * 24 * MS_PER_HOUR;
    const texts = day.map((text) => ({ ...text, atMs: text.atMs + offsetMs }));
    const fromMs = settings.fromHour * MS_PER_HOUR + offsetMs;
    return step(`starting ${isolates} isolates for the day at ${sharePercent} %`, () =>
      startPhase(system, { sharePercent, day: texts, fromMs, isolateLifeMs, isolates }),
    );
  };
  const send = (phase: Phase) =>
    step(`${day.length} texts of ${settings.hours} hours, ${phase.sharePercent} % at the edge`, () => phase.run());

  const first = await start(10, 0);
  const sentFirst = await send(first);
  const ten = { sharePercent: 10, ...sentFirst, counted: await countAll(first, sentFirst) };
  const second = await start(100, 1);
  const sentSecond = await send(second);
  const counting = countAll(second, sentSecond);
  const accuracy = await measureAccuracy(mails);
  const all = { sharePercent: 100, ...sentSecond, counted: await counting };
  const simulated = await step("the same texts at real pace, by the plan's simulation", () =>
    simulatedOf({
      folder: opened.folder,
      reports: { ten: ten.counted.report, all: all.counted.report },
      lambdaInitMs: startUp(ten.lambda.startUpMs, 50) ?? 0,
      textsPerDay: settings.texts,
      publishedTextsPerDay: Math.round(TEXTS_PER_MONTH / DAYS_PER_MONTH),
      seed: settings.seed,
      lambdaIdleMin: settings.instanceLifeMin,
      isolateLifeH: settings.isolateLifeH,
    }),
  );
  const result = replayResult({ model: shortModelId(opened.modelId), settings, ten, all, accuracy, simulated });
  return {
    result,
    tables: replayTables(result),
    headline: goalsTable(result),
    notes: replayNotes(result),
    problem: problemOf(result),
  };
}

function countAll(phase: Phase, { answers }: Pick<ReplayedDay, "answers">) {
  return step(`the ledger's counts of the day at ${phase.sharePercent} %`, () =>
    phase.count(answers.filter(({ call }) => call !== null).length),
  );
}
