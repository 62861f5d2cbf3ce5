import { generateKeyPairSync, randomInt } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { buildEngine } from "../engine/build/build-engine.ts";
import { modelIdOf } from "../formats/model-package/names.ts";
import { sha256Hex } from "../formats/sha256.ts";
import { openToAll } from "../tools/process/local-settings.ts";
import { offlineWrangler } from "../tools/process/run-wrangler.ts";
import { CREDENTIALS } from "./support/credentials.ts";

Object.assign(process.env, offlineWrangler);
// Wrangler's and the commands' code is compiled once for the many processes that tests start.
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL("../.spillway/compile-cache", import.meta.url));
await buildEngine();

/** Tests inside workerd have no file system; this service hands them files of the checkout. */
async function files(request: Request): Promise<Response> {
  try {
    return new Response(await readFile(new URL(`..${new URL(request.url).pathname}`, import.meta.url)));
  } catch {
    return new Response(null, { status: 404 });
  }
}

async function modelId(): Promise<string> {
  const manifest = await readFile(new URL("../models/mail-tagger/manifest.json", import.meta.url));
  return modelIdOf("mail-tagger", sha256Hex(manifest));
}

/** The key of this run's packages: the Worker pins one half, the tests sign with the other. */
const signing = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

/** Null if nothing is set. @param is what the number must be, in an error */
function wholeNumber(name: string, form: RegExp, is: string): number | null {
  const text = process.env[name];
  if (text === undefined || text === "") return null;
  if (form.test(text)) return Number(text);
  throw new Error(`${name} is "${text}"; it must be ${is}.`);
}

/** Each run has another seed, unless one is set. */
const hostileSeed =
  wholeNumber("SPILLWAY_HOSTILE_SEED", /^-?\d{1,10}$/, "the seed that a run has printed") ?? randomInt(2 ** 31 - 1);
/** The sizes of .ci/nightly. */
const isNightly = wholeNumber("SPILLWAY_NIGHTLY", /^[01]$/, "0 or 1") === 1;
const hostileRequests =
  wholeNumber("SPILLWAY_HOSTILE_REQUESTS", /^[1-9]\d{0,8}$/, "a whole number of at least 1") ??
  (isNightly ? 1_000_000 : 10_000);
const fuzzFactor = isNightly ? 100 : 1;
if (isNightly) console.log(`SPILLWAY_HOSTILE_SEED=${hostileSeed} gives the same generated inputs again.`);
const experimentTexts =
  wholeNumber("SPILLWAY_EXPERIMENT_TEXTS", /^([1-9]\d{0,4})?[02468]0$/, "a multiple of 20") ?? 200;

/** The longest files first and the shortest last, so that all workers are busy until the end. Each project needs a place in this list. */
const PROJECT_ORDER = [
  "e2e",
  "worker: own isolate",
  "worker: harness",
  "worker: gateway",
  "worker: control plane",
  "worker: breaker",
  "unit: own process",
  "unit",
];
/** They pack models, or start processes. A new checkout does not know yet how long a file takes. */
const LONG_FILES =
  /\/test\/unit\/(lambda-origin\/instance|tools\/(spillway\/(model\/pack|kv)|local-lambda|build-lambda)\/)/;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project, moduleId }: TestSpecification) =>
      PROJECT_ORDER.indexOf(project.name) - (LONG_FILES.test(moduleId) ? 0.5 : 0);
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

/** Files that mock modules: in a shared process another file may have loaded the real ones. */
const OWN_PROCESS = [
  "test/unit/lambda-origin/signed-package.test.ts",
  "test/unit/tools/spillway/model/pack/{check-tokenizer,too-large}.test.ts",
];
/** The cores are busy: optimizing wasm that tests run a few times, and threads that collect garbage beside a test, cost more than they save. */
const FEW_THREADS = { execArgv: ["--liftoff-only", "--single-threaded-gc"] };

/** A poll waits for as long as a busy machine may need: its default is one second. */
const PATIENT = { expect: { poll: { timeout: 20_000 } } };
const fsModuleCachePath = fileURLToPath(new URL("../.spillway/vitest-cache", import.meta.url));
/** Projects with the same plugins share what one of them has transformed. */
const CACHED = { fsModuleCache: true, fsModuleCachePath };
/**
 * Node imports the sources itself, as it does for the commands: Vite would transform each module, and every call of an imported function would
 * be one through an object of getters. Files that mock modules need Vite.
 */
const NATIVE = { experimental: { viteModuleRunner: false, nodeLoader: false } };
/** Of two cores. Many files start processes and wait for them, and a third file uses the core that is idle meanwhile. A fourth gains nothing. */
const SHARED_CORES = { ...PATIENT, ...CACHED, maxWorkers: 3 };

/**
 * The files of a project share its processes: starting one, and importing wrangler in it, costs more than most files. Whatever a file
 * replaces for a test is restored after it, as the next file may run in the same process.
 */
const SHARED_PROCESSES = { isolate: false, restoreMocks: true, unstubEnvs: true, unstubGlobals: true };

/**
 * It needs an isolate to itself: it uses the Worker's entry, whose gateway lives as long as its isolate. One file of the shared isolates may
 * use the entry: origin/origin-headers.test.ts.
 */
const OWN_ISOLATE = ["test/worker/dispatch/hang-up.test.ts"];

const model = await modelId();

/** In place of the control plane, whose tests have their own project: it accepts every message. */
const anyLedger = {
  name: "spillway-control",
  modules: true,
  compatibilityDate: "2026-11-01",
  script: `import { DurableObject } from "cloudflare:workers";
    export class LedgerShard extends DurableObject { record() { return { nextAfterMs: 5000 }; } }`,
  durableObjects: { LEDGER: { className: "LedgerShard", useSQLite: true } },
};

/** The gateway's Worker with its bindings. Each project needs its own plugin. */
const gatewayWorker = () =>
  cloudflareTest({
    wrangler: { configPath: "./wrangler.toml" },
    miniflare: {
      workers: [anyLedger],
      serviceBindings: { FILES: files },
      // The checkout's own package, and an origin that refuses connections.
      bindings: {
        MODEL: model,
        MODEL_PUBLIC_KEY: signing.publicKey,
        SIGNING_KEY: signing.privateKey,
        ...openToAll,
        ORIGIN_URL: "http://127.0.0.1:9/",
        ...CREDENTIALS,
      },
    },
  });

/**
 * Vite bundles them once: each isolate would otherwise import their hundreds of files one by one. Every path of a library that a Worker imports
 * is here, or a class of it would exist twice.
 */
const BUNDLED = [
  ..."@microlabs/otel-cf-workers @opentelemetry/api aws4fetch d3-scale d3-shape fast-check opossum zod hono".split(" "),
  ...["body-limit", "cookie", "cors", "csrf", "html", "http-exception", "secure-headers"].map((path) => `hono/${path}`),
];
const external = [/^(node|cloudflare):/, "events"];
const inWorkerd = {
  deps: { optimizer: { ssr: { enabled: true, include: BUNDLED, rolldownOptions: { external } } } },
};

const inGatewayWorker = {
  ...inWorkerd,
  globalSetup: "test/support/fault-origin.ts",
  provide: { hostileSeed, hostileRequests },
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...SHARED_CORES,
          ...SHARED_PROCESSES,
          ...NATIVE,
          ...FEW_THREADS,
          name: "unit",
          provide: { hostileSeed, fuzzFactor },
          include: ["test/unit/**/*.test.ts", "test/docs/**/*.test.ts"],
          exclude: OWN_PROCESS,
          testTimeout: isNightly ? 1_200_000 : 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: { ...SHARED_CORES, ...FEW_THREADS, name: "unit: own process", include: OWN_PROCESS, testTimeout: 30_000 },
      },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./test/worker/breaker/wrangler.jsonc" } })],
        test: { ...SHARED_CORES, name: "worker: breaker", include: ["test/worker/breaker/**/*.test.ts"] },
      },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./control-plane/wrangler.toml" } })],
        test: {
          ...SHARED_CORES,
          ...inWorkerd,
          name: "worker: control plane",
          // Each test resets the objects, so the files can share an isolate.
          isolate: false,
          include: ["test/control-plane/**/*.test.ts"],
        },
      },
      {
        plugins: [gatewayWorker()],
        test: {
          ...inGatewayWorker,
          ...SHARED_CORES,
          name: "worker: gateway",
          // These files share isolates, each file with its own gateways: imports are half of what they cost.
          isolate: false,
          setupFiles: "test/worker/support/forget-background.ts",
          include: ["test/worker/**/*.test.ts"],
          exclude: [...OWN_ISOLATE, "test/worker/breaker/**", "**/*.harness.test.ts"],
        },
      },
      {
        plugins: [gatewayWorker()],
        test: { ...inGatewayWorker, ...SHARED_CORES, name: "worker: own isolate", include: OWN_ISOLATE },
      },
      {
        // In Node, with workerd beside it: these need true sockets, to an OTLP receiver or from request to request.
        test: {
          ...SHARED_CORES,
          ...SHARED_PROCESSES,
          ...NATIVE,
          name: "worker: harness",
          globalSetup: "test/support/build-workers.ts",
          include: ["test/worker/**/*.harness.test.ts"],
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...SHARED_CORES,
          ...SHARED_PROCESSES,
          ...NATIVE,
          name: "e2e",
          globalSetup: "test/support/build-workers.ts",
          provide: { experimentTexts },
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
