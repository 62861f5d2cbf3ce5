/** The mail tagger with a change: another manifest, so another digest. It is to be signed again. */
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Manifest } from "../../../formats/model-package/manifest.ts";
import { MANIFEST_FILE } from "../../../formats/model-package/names.ts";
import { sha256Hex } from "../../../formats/sha256.ts";

const TOKENIZER_FILE = "tokenizer.json";
/** Without spaces around it, and as it is written. */
const FLAGS = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: false };

export interface PackageChange {
  version?: number;
  /** Of the tokenizer only: the weights have no row for it, as after training without a wider table. A run with it fails at the edge. */
  addedToken?: string;
}

/** Writes the package into a folder. */
export async function writeChangedPackage(folder: string, { version, addedToken }: PackageChange): Promise<void> {
  await cp("models/mail-tagger", folder, { recursive: true });
  const manifest: Manifest = JSON.parse(await readFile(join(folder, MANIFEST_FILE), "utf8"));
  const files = addedToken === undefined ? manifest.files : await withToken(folder, addedToken, manifest.files);
  const changed = { ...manifest, ...(version !== undefined && { version }), files };
  await writeFile(join(folder, MANIFEST_FILE), JSON.stringify(changed, null, 2));
}

async function withToken(folder: string, content: string, files: Manifest["files"]): Promise<Manifest["files"]> {
  const path = join(folder, TOKENIZER_FILE);
  const tokenizer = JSON.parse(await readFile(path, "utf8"));
  const id = Object.keys(tokenizer.model.vocab).length;
  const bytes = Buffer.from(
    JSON.stringify({ ...tokenizer, added_tokens: [...tokenizer.added_tokens, { id, content, ...FLAGS }] }),
  );
  await writeFile(path, bytes);
  const described = { sizeBytes: bytes.length, sha256: sha256Hex(bytes) };
  return files.map((file) => (file.name === TOKENIZER_FILE ? { ...file, ...described } : file));
}
