/** The published models, and where each serves: in the policy, in isolates, in the texts of the last days. */
import { Hono } from "hono";
import { html } from "hono/html";
import { parseManifest } from "../../formats/model-package/manifest.ts";
import { MANIFEST_FILE, shortModelId } from "../../formats/model-package/names.ts";
import { parsePolicy } from "../../policies/parse.ts";
import { count, counted } from "../report/numbers.ts";
import { type ConsoleEnv, pageOf } from "./context.ts";
import { type Facts, rangeNamed } from "./facts.ts";
import { gatherFacts } from "./gather-facts.ts";
import { layout } from "./layout.ts";
import { badge, empty, type Markup, NOTHING, section, time } from "./markup.ts";

/** Of the bucket, and of the packages whose manifest is read. */
const MAX_OBJECTS = 1000;
const MAX_MODELS = 20;
const RANGE = "7d";
const KEY = /^models\/([a-z0-9][a-z0-9-]*)\/([0-9a-f]{64})\/(.+)$/;
const MIB = 2 ** 20;

export interface PublishedModel {
  id: string;
  uploadedMs: number;
  bytes: number;
  /** What its manifest states, in words; why it cannot be read otherwise. */
  facts: string;
}

export function modelRoutes(): Hono<ConsoleEnv> {
  const routes = new Hono<ConsoleEnv>();
  routes.get("/", async (context) => {
    const [facts, models] = await Promise.all([
      gatherFacts(context.env, rangeNamed(RANGE), Date.now()),
      publishedModels(context.env.MODELS),
    ]);
    const content = modelsView(models, facts);
    return context.html(layout({ ...pageOf(context), title: "Models", path: "/models", live: null }, content));
  });
  return routes;
}

/** The newest first. */
async function publishedModels(bucket: R2Bucket): Promise<PublishedModel[]> {
  const newest = (await packagesIn(bucket)).slice(0, MAX_MODELS);
  return Promise.all(newest.map(async ({ key, ...one }) => ({ ...one, facts: await factsOf(bucket, key) })));
}

/** The ids of the packages of the bucket, the newest first. */
export async function publishedIds(bucket: R2Bucket): Promise<string[]> {
  return (await packagesIn(bucket)).slice(0, MAX_MODELS).map(({ id }) => id);
}

interface Package extends Omit<PublishedModel, "facts"> {
  /** Of its manifest. */
  key: string;
}

async function packagesIn(bucket: R2Bucket): Promise<Package[]> {
  const { objects } = await bucket.list({ prefix: "models/", limit: MAX_OBJECTS });
  const files = objects.flatMap(({ key, size, uploaded }) => {
    const [, name, digest, file] = KEY.exec(key) ?? [];
    return name === undefined ? [] : [{ id: `${name}@${digest}`, key, size, file, uploadedMs: uploaded.getTime() }];
  });
  const packages = [...Map.groupBy(files, ({ id }) => id)].flatMap(([id, all]) => {
    const manifest = all.find(({ file }) => file === MANIFEST_FILE);
    const bytes = all.reduce((sum, { size }) => sum + size, 0);
    return manifest === undefined ? [] : [{ id, bytes, key: manifest.key, uploadedMs: manifest.uploadedMs }];
  });
  return packages.toSorted((a, b) => b.uploadedMs - a.uploadedMs);
}

async function factsOf(bucket: R2Bucket, key: string): Promise<string> {
  const stored = await bucket.get(key);
  const parsed = stored === null ? null : parseManifest(new Uint8Array(await stored.arrayBuffer()));
  if (parsed === null || !parsed.ok) return `Its manifest cannot be read: ${parsed?.problem ?? "it is gone"}.`;
  const { version, labels, edge } = parsed.manifest;
  const at = edge === null ? "no edge model" : `${edge.engine}, up to ${edge.maxTokens} tokens at the edge`;
  return `version ${version}, ${counted(labels.length, "label")}, ${at}`;
}

/** Pure. */
export function modelsView(
  models: readonly PublishedModel[],
  facts: Pick<Facts, "policy" | "isolates" | "report">,
): Markup {
  const { isolates, report } = facts;
  const parsed = facts.policy === null ? null : parsePolicy(facts.policy.text ?? "{}");
  const policy = parsed?.ok ? parsed.policy : null;
  const used = new Set([
    ...(policy?.model ? [policy.model] : []),
    ...isolates.map(({ model }) => model).filter((id) => id !== ""),
  ]);
  const unlisted = [...used].filter((id) => !models.some((one) => one.id === id));
  const all = [
    ...models,
    ...unlisted.map((id) => ({ id, uploadedMs: null, bytes: null, facts: "not among the newest of the bucket" })),
  ];
  if (all.length === 0) {
    return section(
      { title: "Published models", span: 12 },
      empty("No model is published. Publish one:", "npx spillway model publish <folder>"),
    );
  }
  const rows = all.map(({ id, uploadedMs, bytes, facts: words }) => {
    const inIsolates = isolates.filter(({ model }) => model === id).length;
    const texts = report.models.find(({ name }) => name === id)?.texts ?? 0;
    return html`<tr><th scope="row"><code title="${id}">${shortModelId(id)}</code><small>${words}</small></th>
<td data-l="named by">${policy?.model === id ? badge("policy", "good") : NOTHING} ${policy?.candidate?.model === id ? badge(`candidate, ${policy.candidate.share} %`, "warn") : NOTHING}</td>
<td class="figure" data-l="isolates">${inIsolates} of ${isolates.length}</td><td class="figure" data-l="texts, 7 days">${count(texts)}</td>
<td class="figure" data-l="size">${bytes === null ? "–" : `${count(bytes / MIB)} MiB`}</td><td data-l="published">${uploadedMs === null ? "–" : time(uploadedMs)}</td></tr>`;
  });
  const chosen =
    policy?.model === null
      ? html`<p class="soft">The policy names no model: the deployment's <code>MODEL</code> serves.</p>`
      : NOTHING;
  return section(
    { title: "Published models", aside: "the newest 20", span: 12 },
    chosen,
    html`<div class="scroll" tabindex="0" role="region" aria-label="Published models"><table class="stacks">
<thead><tr><th scope="col">model</th><th scope="col">named by</th><th scope="col">isolates</th><th scope="col">texts, 7 days</th><th scope="col">size</th><th scope="col">published, UTC</th></tr></thead>
<tbody>${rows}</tbody></table></div>`,
  );
}
