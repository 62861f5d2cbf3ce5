/** Name and version of a new package, from what the user said and from the package that stands in its place. */
import { readdir, readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { z } from "zod";

const NAME = /^[a-z0-9][a-z0-9-]*$/;
/** Made by spillway model sign over the old files. */
const SIGNATURE = "model.sig";

/** As little as older formats have. */
const olderSchema = z.object({
  version: z.int().min(1).optional(),
  files: z.array(z.object({ name: z.string().regex(/^[^/\\]+$/) })),
});

export interface Identity {
  name: string;
  version: number;
  /** Files of the package that stands in this one's place: they go with it. */
  stale: readonly string[];
}

/** @throws Error with one sentence for people */
export async function identify(out: string, name = basename(resolve(out)), version?: number): Promise<Identity> {
  if (!NAME.test(name)) {
    throw new Error(`"${name}" cannot be a model's name: use lowercase letters, digits and dashes, with --name.`);
  }
  const older = await readOlder(out);
  return {
    name,
    version: version ?? (older?.version ?? 0) + 1,
    stale: older === null ? [] : [...older.files.map((file) => file.name), SIGNATURE],
  };
}

async function readOlder(out: string): Promise<z.infer<typeof olderSchema> | null> {
  const path = join(out, "manifest.json");
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) {
    await mustBeEmpty(out);
    return null;
  }
  const older = olderSchema.safeParse(parseJson(text));
  if (older.success) return older.data;
  throw new Error(`${path} is not a package's manifest; move it away, or choose another folder with --out.`);
}

/** A folder that holds something else is not ours to write into: its tokenizer.json would be gone. */
async function mustBeEmpty(out: string): Promise<void> {
  const entries = await readdir(out).catch(() => []);
  if (entries.length === 0) return;
  throw new Error(`${out} is not empty and holds no package; choose another folder with --out.`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
