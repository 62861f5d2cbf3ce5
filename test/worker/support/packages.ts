/** The committed mail tagger in the test's own R2, signed with the test's own key, whole or bent once. */
import { env } from "cloudflare:workers";
import { createHash } from "node:crypto";
import { type EdgeEntry, type Manifest, manifestSchema } from "../../../formats/model-package/manifest.ts";
import { BUNDLE_FILE, MANIFEST_FILE, modelIdOf, objectKey } from "../../../formats/model-package/names.ts";
import { sha256Hex } from "../../../formats/sha256.ts";
import { signBundle } from "../../../tools/spillway/model/sign/sign-bundle.ts";
import ortEdge from "./ort-edge.json";

const FOLDER = "models/mail-tagger";
/** Files that the recipe keeps for comparisons, by their name in a package. */
const KEPT: Readonly<Record<string, readonly string[]>> = {
  "edge.ort": ["models/mail-tagger-recipe/onnxruntime-web.ort"],
};

const read = new Map<string, Uint8Array>();

/** A file of the committed package. */
export async function mailTaggerFile(name: string): Promise<Uint8Array> {
  const bytes = read.get(name) ?? (await readFile(name));
  read.set(name, bytes);
  return bytes;
}

async function readFile(name: string): Promise<Uint8Array> {
  for (const path of [`${FOLDER}/${name}`, ...(KEPT[name] ?? [])]) {
    const response = await env.FILES.fetch(`http://files/${path}`);
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
  }
  throw new Error(`${FOLDER}/${name} is missing`);
}

export type EdgeManifest = Manifest & { edge: NonNullable<Manifest["edge"]> };

export async function mailTaggerManifest(): Promise<EdgeManifest> {
  const { edge, ...manifest } = manifestSchema.parse(
    JSON.parse(new TextDecoder().decode(await mailTaggerFile(MANIFEST_FILE))),
  );
  if (edge === null) throw new Error("the mail tagger is packed for the edge");
  return { ...manifest, edge };
}

/**
 * Publishes the package as it is, or with its manifest bent. Files that are stored already are not written again: the weights are
 * megabytes, and nearly every test publishes them.
 * @returns the model id of the published manifest
 */
export async function publish(bend?: (manifest: EdgeManifest) => unknown): Promise<string> {
  const { edge } = await mailTaggerManifest();
  const manifest = await mailTaggerManifest();
  bend?.(manifest);
  const bytes = bend ? new TextEncoder().encode(JSON.stringify(manifest)) : await mailTaggerFile(MANIFEST_FILE);
  return store(manifest, bytes, new Map([[edge.file, await mailTaggerFile(edge.file)]]));
}

/** The mail tagger's entry for onnxruntime-web, and its file. */
export async function ortEntry(): Promise<{ edge: EdgeEntry; content: Uint8Array }> {
  const edge = structuredClone(ortEdge) as EdgeEntry;
  return { edge, content: await mailTaggerFile(edge.file) };
}

/** Publishes the mail tagger as a package for onnxruntime-web. @returns its model id */
export async function publishOrt(bend?: (manifest: EdgeManifest) => unknown): Promise<string> {
  const { edge, content } = await ortEntry();
  const tagger = await mailTaggerManifest();
  const kept = tagger.files.filter(({ name }) => name !== tagger.edge.file);
  const listed = { name: edge.file, sizeBytes: content.byteLength, sha256: sha256Hex(content) };
  const manifest = { ...tagger, edge, edgeFallback: null, files: [...kept, listed] };
  bend?.(manifest);
  return store(manifest, new TextEncoder().encode(JSON.stringify(manifest)), new Map([[edge.file, content]]));
}

/** Stores what has changed, and signs it. */
async function store(manifest: Manifest, bytes: Uint8Array, weights: Map<string, Uint8Array>): Promise<string> {
  const { tokenizer } = manifest;
  const modelId = modelIdOf(manifest.name, sha256Hex(bytes));
  const files = new Map([[MANIFEST_FILE, bytes], ...weights]);
  for (const name of [tokenizer.file, tokenizer.configFile]) files.set(name, await mailTaggerFile(name));
  const { objects } = await env.MODELS.list({ prefix: objectKey(modelId, "") });
  const stored = new Map(objects.map(({ key, etag }) => [key, etag]));
  for (const [name, content] of files) {
    const key = objectKey(modelId, name);
    if (stored.get(key) !== md5Hex(content)) await env.MODELS.put(key, content);
    stored.delete(key);
  }
  await env.MODELS.delete([...stored.keys()]);
  await sign(modelId, [...manifest.files, { name: MANIFEST_FILE, sha256: sha256Hex(bytes) }]);
  return modelId;
}

/** R2's etag of an object that was stored in one piece. */
function md5Hex(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

/** Puts a bundle over these files beside the package. */
export async function sign(modelId: string, files: readonly { name: string; sha256: string }[], key = env.SIGNING_KEY) {
  const resources = files.map(({ name, sha256 }) => ({ name, sha256 })).sort((a, b) => (a.name < b.name ? -1 : 1));
  await env.MODELS.put(
    objectKey(modelId, BUNDLE_FILE),
    await signBundle({ modelName: "mail-tagger", resources, ignorePaths: [BUNDLE_FILE] }, key),
  );
}

/** Flips one bit of a stored file. */
export async function tamper(modelId: string, name: string, at: number): Promise<void> {
  await rewrite(modelId, name, (bytes) => {
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  });
}

/** Stores a file's bytes anew. */
export async function rewrite(modelId: string, name: string, bend: (bytes: Uint8Array) => Uint8Array): Promise<void> {
  const key = objectKey(modelId, name);
  const stored = await env.MODELS.get(key);
  if (stored === null) throw new Error(`${key} is not stored`);
  await env.MODELS.put(key, bend(new Uint8Array(await stored.arrayBuffer())));
}
