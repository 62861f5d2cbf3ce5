/** The committed mail tagger in the test's own R2, whole or bent once. */

import { env } from "cloudflare:workers";
import { createHash } from "node:crypto";
import { type Manifest, manifestSchema, objectKey } from "../../../models/manifest.ts";

const FOLDER = "models/mail-tagger";

const read = new Map<string, Uint8Array>();

async function file(name: string): Promise<Uint8Array> {
  const bytes = read.get(name) ?? (await readFile(name));
  read.set(name, bytes);
  return bytes;
}

async function readFile(name: string): Promise<Uint8Array> {
  const response = await env.FILES.fetch(`http://files/${FOLDER}/${name}`);
  if (!response.ok) throw new Error(`${FOLDER}/${name} is missing`);
  return new Uint8Array(await response.arrayBuffer());
}

export async function mailTaggerManifest(): Promise<Manifest> {
  return manifestSchema.parse(JSON.parse(new TextDecoder().decode(await file("manifest.json"))));
}

/** Publishes the package as it is, or with its manifest bent; resolves to the model id, true to the manifest published. */
export async function publish(bend?: (manifest: Manifest) => void): Promise<string> {
  const manifest = await mailTaggerManifest();
  bend?.(manifest);
  const bytes = bend ? new TextEncoder().encode(JSON.stringify(manifest)) : await file("manifest.json");
  const modelId = `${manifest.name}@${createHash("sha256").update(bytes).digest("hex")}`;
  const { tokenizer, edge } = manifest;
  for (const name of [tokenizer.file, tokenizer.configFile, edge.file]) {
    await env.MODELS.put(objectKey(modelId, name), await file(name));
  }
  await env.MODELS.put(objectKey(modelId, "manifest.json"), bytes);
  return modelId;
}

/** Flips one bit of a stored file. */
export async function tamper(modelId: string, name: string, at: number): Promise<void> {
  const key = objectKey(modelId, name);
  const stored = await env.MODELS.get(key);
  if (stored === null) throw new Error(`${key} is not stored`);
  const bytes = new Uint8Array(await stored.arrayBuffer());
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await env.MODELS.put(key, bytes);
}
