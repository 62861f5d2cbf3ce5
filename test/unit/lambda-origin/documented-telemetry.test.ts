/** docs/ names every span, attribute, log event and resource attribute that the origin sends, and none that it does not. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { Manifest } from "../../../formats/model-package/manifest.ts";
import { loadModel } from "../../../lambda-origin/model.ts";
import { InitClock } from "../../../lambda-origin/telemetry/init-clock.ts";
import { signFolder } from "../../../tools/spillway/model/sign/folder.ts";
import { generateKeyPair } from "../../../tools/spillway/model/sign/keys.ts";
import { codesIn, tablesBelow } from "../../support/doc-tables.ts";
import { writeTinyPackage } from "../../support/model-package.ts";
import { OtlpReceiver, type Received, SERVER } from "../../worker/telemetry/otlp-receiver.ts";
import { context, event, functionWith, modelThat, SAMPLED } from "./telemetry/function.ts";
import { TrueInstances, traceparent } from "./true-instances.ts";

// These tests start processes, which may be slow on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const receiver = new OtlpReceiver();
let endpoint: string;
let folder: string;
let resources: Map<string, unknown>;

beforeAll(async () => {
  endpoint = await receiver.listen();
  folder = await mkdtemp(join(tmpdir(), "spillway-documented-"));
  await lifeOfAnInstance();
  resources = resourcesIn(receiver.everything);
  await startsThatFail();
  await answersThatFail();
});
afterAll(async () => {
  await receiver.close();
  await rm(folder, { recursive: true });
});

/** A process: cold, warm, refusing, elsewhere, and after a backend that refused for a while. */
async function lifeOfAnInstance(): Promise<void> {
  const instances = await TrueInstances.prepare(receiver, endpoint);
  const whereItIs = { AWS_LAMBDA_FUNCTION_VERSION: "$LATEST", AWS_LAMBDA_LOG_STREAM_NAME: "2026/11/24/[$LATEST]0f3c" };
  const asked = (path: string, body: string) => ({
    ...event({ traceparent: traceparent(true) }, { path }),
    body,
  });
  const text = (maxTokens: number) => asked("/", JSON.stringify({ text: "ham spam", maxTokens }));
  const when = (manner: OtlpReceiver["manner"], next: object) => () => {
    receiver.manner = manner;
    return next;
  };
  const events = [text(100), text(100), text(1), asked("/", "{"), asked("/elsewhere", "{}")];
  try {
    await instances.asked([...events, when("refuse", text(100)), when("accept", text(100))], { bend: whereItIs });
  } finally {
    await instances.end();
    await instances.remove();
  }
}

/** In this process: packages that cannot be read, of which no tokenizer and of which no session can be made. */
async function startsThatFail(): Promise<void> {
  const { privateKey, publicKey } = generateKeyPair();
  const noTokenizer = (manifest: Manifest) => ({
    ...manifest,
    tokenizer: { ...manifest.tokenizer, file: manifest.tokenizer.configFile },
  });
  const wrong = [
    ["unsigned", {}],
    ["no-tokenizer", { bend: noTokenizer }],
    ["no-model", { model: Buffer.from("no graph") }],
  ] as const;
  for (const [name, options] of wrong) {
    const tiny = await writeTinyPackage(join(folder, name), options);
    if (name !== "unsigned") await signFolder(tiny.folder, privateKey);
    const clock = new InitClock();
    const loaded = await loadModel({ folder: tiny.folder, publicKeyPem: publicKey }, clock.timed);
    if (loaded.ok) throw new Error(`the package ${name} should not load`);
    const init = clock.finish({ problem: loaded.reason });
    await functionWith({ endpoint, loaded, init }).handler(event(SAMPLED), context());
  }
}

/** A tokenizer and a model that throw, and one that does not answer in time. */
async function answersThatFail(): Promise<void> {
  const broken = modelThat();
  if (broken.ok)
    broken.model.tokenizer.encodeContent = () => {
      throw new RangeError("broken");
    };
  for (const loaded of [broken, modelThat(() => Promise.reject(new RangeError("broken")))]) {
    await functionWith({ endpoint, loaded }).handler(event(SAMPLED), context());
  }
  let answer = (_: number[][]) => {};
  const slow = functionWith({ endpoint, loaded: modelThat(() => new Promise((resolve) => (answer = resolve))) });
  const answered = slow.handler(event(SAMPLED), context(300));
  await receiver.when(() => receiver.logs.some(({ body }) => JSON.stringify(body).includes("no answer")));
  answer([[1, 2]]);
  await answered;
}

type Attributes = Received["attributes"];

/** Everything that `key` was seen with, as sorted lists. */
function seen<T>(
  items: readonly T[],
  key: (item: T) => string,
  names: (item: T) => string[],
): Record<string, string[]> {
  const groups = Map.groupBy(items, key);
  return Object.fromEntries(
    [...groups].map(([name, group]) => [name, [...new Set(group.flatMap((item) => names(item)))].toSorted()]),
  );
}

const keysOf = ({ attributes }: { attributes: Attributes }) => attributes.map(({ key }) => key);

function listed(rows: readonly string[][], column: number): Record<string, string[]> {
  return Object.fromEntries(rows.map((cells) => [codesIn(cells[0])[0], codesIn(cells[column]).toSorted()]));
}

function resourcesIn(bodies: readonly string[]): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const body of bodies.map((text) => JSON.parse(text))) {
    const { attributes }: { attributes: Attributes } = (body.resourceSpans ?? body.resourceLogs)[0].resource;
    for (const { key, value } of attributes) found.set(key, Object.values(value)[0]);
  }
  return found;
}

const [spanRows = [], attributeRows = []] = tablesBelow("reference/telemetry-spans.md", "The spans of the origin");
/** For other paths, the SERVER span's name is only the method. */
const nameOf = ({ kind, name }: Received) => (kind === SERVER ? "POST /" : name);

it("every span with every attribute that it ever has", () => {
  expect(seen(receiver.spans, nameOf, keysOf)).toEqual(listed(spanRows, 4));
});

it("each span's kind and what it is below", () => {
  const kinds = seen(receiver.spans, nameOf, ({ kind }) => [kind === SERVER ? "SERVER" : "INTERNAL"]);
  expect(kinds).toEqual(Object.fromEntries(spanRows.map(([name, kind]) => [codesIn(name)[0], [kind]])));
  const names = new Map(receiver.spans.map((span) => [span.spanId, nameOf(span)]));
  const inner = receiver.spans.filter(({ kind }) => kind !== SERVER);
  const parents = seen(inner, nameOf, ({ parentSpanId = "" }) => [names.get(parentSpanId) ?? "none"]);
  expect(parents).toEqual(listed(spanRows.slice(1), 2));
});

it("every attribute that is not of HTTP, with its type", () => {
  const all = receiver.spans.flatMap(({ attributes }) => attributes);
  const own = all.filter(({ key }) => !/^(http|url)\.|^error\.type$/.test(key));
  const kinds = { stringValue: "string", boolValue: "bool", intValue: "number", doubleValue: "number" };
  const types = seen(
    own,
    ({ key }) => key,
    ({ value }) => Object.entries(kinds).flatMap(([kind, type]) => (kind in value ? [type] : [])),
  );
  const told = attributeRows.map(([name, type = ""]) => [
    codesIn(name)[0],
    [type.replace(/^(int|double)\b.*/, "number")],
  ]);
  expect(types).toEqual(Object.fromEntries(told));
});

it("every log event with its attributes and severities", () => {
  const [rows = []] = tablesBelow("reference/telemetry.md", "Logs of the origin");
  const nameOfEvent = ({ eventName = "" }: (typeof receiver.logs)[number]) => eventName;
  expect(seen(receiver.logs, nameOfEvent, keysOf)).toEqual(listed(rows, 2));
  const severities = rows.map(([name, severity = ""]) => [codesIn(name)[0], severity.split(", ").toSorted()]);
  expect(seen(receiver.logs, nameOfEvent, ({ severityText }) => [severityText])).toEqual(
    Object.fromEntries(severities),
  );
});

it("every attribute of the resource, and fixed values as they are", () => {
  const [rows = []] = tablesBelow("reference/telemetry-spans.md", "Resource attributes");
  const told = rows.flatMap(([name, , origin = ""]) =>
    origin === "none" ? [] : [{ name: codesIn(name)[0] ?? "", origin }],
  );
  expect([...resources.keys()].toSorted()).toEqual(told.map(({ name }) => name).toSorted());
  for (const { name, origin } of told) {
    const [fixed] = codesIn(origin);
    if (fixed !== undefined) expect([name, resources.get(name)]).toEqual([name, fixed]);
  }
});
