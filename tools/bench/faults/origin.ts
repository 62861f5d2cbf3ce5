/**
 * The local Lambda origin in this process, as tools/local-lambda/main.ts composes it, behind a server that fails on command. Instances are
 * real processes, and signatures are verified.
 */
import { closeSync, openSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { OriginAnswer } from "../../../formats/origin-wire.ts";
import { type Instance, startInstance } from "../../local-lambda/instance.ts";
import { createPool } from "../../local-lambda/pool.ts";
import { createOriginServer } from "../../local-lambda/server.ts";
import { initTimeoutMs, instanceEnvironment, modelFolder, readSettings } from "../../local-lambda/settings.ts";
import { signForThisRun } from "../../local-lambda/sign-for-this-run.ts";
import { makeFolder } from "../../process/make-folder.ts";
import type { LocalPackage } from "../../spillway/model/local-package.ts";
import type { Credentials } from "../../start/credentials.ts";
import { HOST, type Listening, startServer } from "./servers.ts";

/** What an origin does instead of answering. */
export type OriginFault =
  | "reset"
  | "half-body"
  | "hang"
  | "http-500"
  | "http-429"
  | "junk"
  | "slow"
  | "flood"
  | "other-labels"
  | "swapped-labels"
  | "expired-signature"
  | "unknown-key";

export interface FaultyOrigin extends Pick<Listening, "refuse" | "listen"> {
  url: string;
  /** From now on each call meets the fault; null: the function answers. */
  fail(fault: OriginFault | null): void;
  /** Kills so many instances, each with the call that it answers. */
  killInstances(count: number): void;
  /** When the function first gave an answer after this time, by `performance.now`; null if it did not. */
  firstGoodMs(afterMs: number): number | null;
  /** Resolves when as many instances are ready as at the start. */
  warm(): Promise<void>;
  stop(): Promise<void>;
}

export interface FaultyOriginSettings {
  opened: LocalPackage;
  credentials: Credentials;
  region: string;
  warmInstances: number;
  /** Of an answer that is slow, but within the policy's timeout. */
  slowMs: number;
}

const SIGNATURE_AGE_MS = 10 * 60_000;
const POLL_MS = 20;
/** No bench lasts longer. */
const MAX_BENCH_MS = 24 * 3_600_000;
const LOG_FILE = ".spillway/logs/bench-faults-origin.log";

/** Listens on a free port of this machine. @throws Error with one sentence if no instance can be started */
export async function startFaultyOrigin(options: FaultyOriginSettings): Promise<FaultyOrigin> {
  const { credentials, region, slowMs, opened } = options;
  const settings = readSettings({ ...credentials, AWS_REGION: region, SPILLWAY_MODEL_DIR: opened.folder });
  const environment = instanceEnvironment(settings, await signForThisRun(modelFolder(settings)), process.env);
  const instances = new Set<Instance>();
  const ready = new Set<Instance>();
  await makeFolder(dirname(LOG_FILE));
  const log = openSync(LOG_FILE, "a");
  const start = () => {
    const instance = startInstance(environment, log);
    instances.add(instance);
    void instance.ready.then(({ kind }) => kind === "ready" && ready.add(instance));
    void instance.exited.then(() => instances.delete(instance) && ready.delete(instance));
    return instance;
  };
  const { SPILLWAY_ORIGIN_TIMEOUT_MS: timeoutMs } = settings;
  // More cold starts at once would take this machine's processors from the gateway.
  const concurrencyLimit = options.warmInstances;
  // An instance that expires between two faults would be a fault in the next one.
  const warmMs = MAX_BENCH_MS;
  const pool = createPool(
    { concurrencyLimit, timeoutMs, warmMs, initTimeoutMs: initTimeoutMs(settings) },
    start,
    Date.now,
  );
  const warm = async () => {
    const missing = Math.max(0, options.warmInstances - instances.size);
    const reasons = await Promise.all(Array.from({ length: missing }, () => pool.prewarm()));
    const reason = reasons.find((one) => one !== null);
    if (reason !== undefined) throw new Error(`No instance of the origin could be started: ${reason}.`);
    // Calls have started others.
    while (ready.size < options.warmInstances && instances.size >= options.warmInstances) await sleep(POLL_MS);
  };
  await warm();

  let fault: OriginFault | null = null;
  const keys = { accessKeyId: credentials.AWS_ACCESS_KEY_ID, secretAccessKey: credentials.AWS_SECRET_ACCESS_KEY };
  const lambda = createOriginServer({
    get credentials() {
      return fault === "unknown-key" ? { ...keys, accessKeyId: "AKIAROTATED" } : keys;
    },
    region,
    pool,
    now: () => Date.now() + (fault === "expired-signature" ? SIGNATURE_AGE_MS : 0),
    log: () => {},
  });
  const goodAtMs: number[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    response.once("finish", () => {
      if (response.statusCode === 200 && (fault === null || fault === "slow")) goodAtMs.push(performance.now());
    });
    if (fault === null || fault === "expired-signature" || fault === "unknown-key") {
      lambda.emit("request", request, response);
      return;
    }
    const behave = behaviours({
      good: goodAnswer(opened),
      slowMs,
      toLambda: () => lambda.emit("request", request, response),
    })[fault];
    if (fault === "slow") behave(response);
    else request.resume().once("end", () => behave(response));
  };
  const server = await startServer(answer);
  return {
    ...server,
    url: `http://${HOST}:${server.port}/`,
    fail: (wanted) => {
      fault = wanted;
    },
    killInstances: (count) => {
      for (const instance of [...instances].slice(0, count)) instance.kill();
    },
    firstGoodMs: (afterMs) => goodAtMs.find((atMs) => atMs >= afterMs) ?? null,
    warm,
    stop: async () => {
      await server.refuse();
      await pool.stop();
      closeSync(log);
    },
  };
}

/** An answer of the function's shape, to make wrong ones of. */
function goodAnswer({ modelId, manifest: { labels, problemType } }: LocalPackage): OriginAnswer {
  return { model: modelId, labels, problemType, windows: [{ tokens: 1, logits: labels.map(() => 0) }] };
}

type Behaviour = (response: ServerResponse) => void;

function behaviours({ good, slowMs, toLambda }: { good: OriginAnswer; slowMs: number; toLambda(): void }) {
  const sends = (status: number, body: string) => (response: ServerResponse) =>
    void response.writeHead(status, { "content-type": "application/json" }).end(body);
  const wrongAnswer = (change: Partial<OriginAnswer>) => sends(200, JSON.stringify({ ...good, ...change }));
  const all: Record<Exclude<OriginFault, "expired-signature" | "unknown-key">, Behaviour> = {
    reset: (response) => void response.socket?.resetAndDestroy(),
    "half-body": (response) => {
      const body = JSON.stringify(good);
      response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
      response.write(body.slice(0, body.length / 2), () => response.destroy());
    },
    hang: () => {},
    "http-500": sends(500, "Internal Server Error"),
    "http-429": sends(429, '{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded"}'),
    junk: sends(200, '{"model": "mail-tagger@'),
    slow: () => void setTimeout(toLambda, slowMs),
    flood: (response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const piece = " ".repeat(65_536);
      const more = () => {
        while (!response.destroyed && response.write(piece));
      };
      response.on("drain", more).on("error", () => {});
      more();
    },
    "other-labels": wrongAnswer({ model: `other@${"0".repeat(64)}`, labels: ["no", "yes"] }),
    "swapped-labels": wrongAnswer({ labels: good.labels.toReversed() }),
  };
  return all;
}
