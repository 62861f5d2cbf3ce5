/** Real instances of the function: processes, started as Lambda does, with the real handler or a fixture and a signed package. */
import { mkdir, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleHandler } from "../../../tools/build-lambda/build.ts";
import { type Instance, type Outcome, startInstance } from "../../../tools/local-lambda/instance.ts";
import { signFolder } from "../../../tools/spillway/model/sign/folder.ts";
import { generateKeyPair } from "../../../tools/spillway/model/sign/keys.ts";
import { writeTinyPackage } from "../../support/model-package.ts";
import type { OtlpReceiver } from "../../worker/telemetry/otlp-receiver.ts";

export const TRACE = "0af7651916cd43dd8448eb211c80319c";
export const traceparent = (sampled: boolean) => `00-${TRACE}-b7ad6b7169203331-0${Number(sampled)}`;

/** In the checkout: the bundle imports onnxruntime-node. */
const BUNDLES = fileURLToPath(new URL("../../../.spillway/builds", import.meta.url));
const FIXTURES = fileURLToPath(new URL("fixtures", import.meta.url));

type Manner = {
  /** Variables that differ from the usual environment. */
  bend?: Record<string, string>;
  handler?: string;
  remainingMs?: number;
};

/** Events for the instance, in order; a function is called for its event just before it. */
type Asked = readonly (object | (() => object))[];

interface Prepared {
  receiver: OtlpReceiver;
  endpoint: string;
  folder: string;
  publicKey: string;
  packages: { good: string; failing: string };
  /** The folder of the real handler, bundled as it is deployed: an instance starts in a third of the time. */
  handlerFolder: string;
}

export class TrueInstances {
  readonly #receiver: OtlpReceiver;
  readonly #endpoint: string;
  readonly #folder: string;
  readonly #publicKey: string;
  readonly packages: Prepared["packages"];
  readonly #handlerFolder: string;
  #running: Instance | undefined;

  private constructor({ receiver, endpoint, folder, publicKey, packages, handlerFolder }: Prepared) {
    this.#handlerFolder = handlerFolder;
    this.#receiver = receiver;
    this.#endpoint = endpoint;
    this.#folder = folder;
    this.#publicKey = publicKey;
    this.packages = packages;
  }

  /** They export to `receiver`, which listens at `endpoint`. */
  static async prepare(receiver: OtlpReceiver, endpoint: string): Promise<TrueInstances> {
    const { privateKey, publicKey } = generateKeyPair();
    const folder = await mkdtemp(join(tmpdir(), "spillway-instance-"));
    const good = await writeTinyPackage(join(folder, "good"));
    // Three labels, and a graph with two logits: it loads, and fails for each text.
    const failing = await writeTinyPackage(join(folder, "failing"), {
      bend: (manifest) => ({
        ...manifest,
        labels: ["ham", "spam", "eggs"],
        edge: manifest.edge && { ...manifest.edge, golden: [{ tokenIds: [2, 3], logits: [5, 2, 0] }] },
      }),
    });
    const packages = { good: good.folder, failing: failing.folder };
    for (const path of Object.values(packages)) await signFolder(path, privateKey);
    await mkdir(BUNDLES, { recursive: true });
    const handlerFolder = await mkdtemp(join(BUNDLES, "origin-of-a-test-"));
    await bundleHandler(join(handlerFolder, "handler.mjs"));
    return new TrueInstances({ receiver, endpoint, folder, publicKey, packages, handlerFolder });
  }

  /** Sends the events to a new instance. Returns the outcomes and what the process printed. */
  async asked(
    events: Asked,
    { bend = {}, handler = "handler.handler", remainingMs = 30_000 }: Manner = {},
  ): Promise<{ outcomes: Outcome[]; printed: string }> {
    const printedTo = join(this.#folder, "printed");
    const file = await open(printedTo, "w");
    try {
      const environment = {
        PATH: process.env["PATH"] ?? "",
        NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? "",
        LAMBDA_TASK_ROOT: handler === "handler.handler" ? this.#handlerFolder : FIXTURES,
        _HANDLER: handler,
        AWS_REGION: "eu-central-1",
        AWS_LAMBDA_FUNCTION_NAME: "spillway-origin",
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "3008",
        SPILLWAY_MODEL_DIR: this.packages.good,
        MODEL_PUBLIC_KEY: this.#publicKey,
        OTEL_EXPORTER_OTLP_ENDPOINT: this.#endpoint,
        ...bend,
      };
      const running = startInstance(environment, file.fd);
      this.#running = running;
      const started = await running.ready;
      if (started.kind !== "ready") throw new Error(`the instance did not start: ${JSON.stringify(started)}`);
      const outcomes: Outcome[] = [];
      for (const next of events) {
        const event = typeof next === "function" ? next() : next;
        const invoked = running.invoke({ requestId: "id-1", event, deadlineMs: Date.now() + remainingMs });
        outcomes.push(await Promise.race([invoked, this.#killedAfterExport(running, handler)]));
      }
      return { outcomes, printed: await readFile(printedTo, "utf8") };
    } finally {
      await file.close();
    }
  }

  /** Stops the last instance. */
  async end(): Promise<void> {
    this.#running?.kill();
    await this.#running?.exited;
  }

  async remove(): Promise<void> {
    for (const folder of [this.#folder, this.#handlerFolder]) await rm(folder, { recursive: true });
  }

  /** Kills the process if there is no answer, as Lambda does. By then, the process must have exported its telemetry. */
  async #killedAfterExport(running: Instance, handler: string): Promise<Outcome> {
    if (handler !== "no-answer.handler") return new Promise<never>(() => {});
    const receiver = this.#receiver;
    await receiver.until((spans) => spans.length > 0 && receiver.logs.length > 0, 30_000);
    running.kill();
    return { kind: "exited", reason: "killed at its timeout" };
  }
}
