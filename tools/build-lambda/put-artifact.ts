/** Writes the artifact into an empty folder, as a zip or as the folder of a container image, and unpacks it again for the trial. */
import { constants } from "node:fs";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { unzipSync, type Zippable, zipSync } from "fflate";
import { digestOfFiles, sha256Hex } from "../../formats/sha256.ts";
import type { Progress } from "../spillway/terminal/progress.ts";
import type { ArtifactFile } from "./artifact-files.ts";

const DOCKERFILE = "Dockerfile";
const FUNCTION_FOLDER = "function";
const ZIP_NAME = /^origin-[0-9a-f]{12}\.zip$/;

/** Whether a file or folder of this name can come from an earlier build. */
export function isOfABuild(name: string): boolean {
  return ZIP_NAME.test(name) || name === DOCKERFILE || name === FUNCTION_FOLDER;
}

export interface WrittenArtifact {
  /** Path below the target folder; empty for the folder itself. */
  name: string;
  /** SHA-256 over every file's name and content, in hex: the same for a zip and an image. */
  digest: string;
  /** Size of the zip; null for an image. */
  zipBytes: number | null;
  unpackTo: (folder: string) => Promise<void>;
}

/** Writes `origin-<digest>.zip`. */
export async function putZip(
  files: readonly ArtifactFile[],
  target: string,
  progress: Progress,
): Promise<WrittenArtifact> {
  const contents = new Map<string, Uint8Array>();
  for (const { name, source } of files) contents.set(name, await readFile(source));
  const digest = digestOfFiles(new Map([...contents].map(([name, bytes]) => [name, sha256Hex(bytes)])));
  const name = `origin-${digest.slice(0, 12)}.zip`;
  const zipBytes = await progress.step(`zip ${files.length} files`, 1, async () => {
    const bytes = zip(contents);
    await writeFile(join(target, name), bytes);
    return bytes.length;
  });
  const unpackTo = async (folder: string) => {
    for (const [file, bytes] of unzip(await readFile(join(target, name)))) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), bytes);
    }
  };
  return { name, digest, zipBytes, unpackTo };
}

/** Writes the folder for `docker build`: a Dockerfile, and beside it the contents of /var/task. */
export async function putImage(
  files: readonly ArtifactFile[],
  target: string,
  progress: Progress,
): Promise<WrittenArtifact> {
  const dockerfile = fileURLToPath(new URL(`../../lambda-origin/${DOCKERFILE}`, import.meta.url));
  const digests = await progress.step(`copy ${files.length} files`, 1, async () => {
    await copyFile(dockerfile, join(target, DOCKERFILE));
    return copyInto(files, join(target, FUNCTION_FOLDER));
  });
  const copies = files.map((file) => ({ ...file, source: join(target, FUNCTION_FOLDER, file.name) }));
  const unpackTo = async (folder: string) => void (await copyInto(copies, folder));
  return { name: "", digest: digestOfFiles(digests), zipBytes: null, unpackTo };
}

async function copyInto(files: readonly ArtifactFile[], folder: string): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const { name, source } of files) {
    const target = join(folder, name);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(source, target, constants.COPYFILE_FICLONE);
    digests.set(name, sha256Hex(await readFile(target)));
  }
  return digests;
}

/** The first day that a zip can represent. Zip times are local, so the date is made in the current time zone. */
const firstDay = () => new Date(1980, 0, 1, 12);
const UNIX = 3;
/** A plain file that all users can read: Lambda unpacks the zip as one user and runs the function as another. */
const READABLE = 0o100644 << 16;

/** Weights and machine code compress badly: level 6 takes twice the time for 2 % less. */
const LEVEL = 1;

/** Bytes by file name. */
export type Contents = ReadonlyMap<string, Uint8Array>;

/** The same bytes for the same files on every machine: fixed times, modes and order, and a compressor in JavaScript. */
export function zip(contents: Contents): Uint8Array {
  const entries: Zippable = {};
  const mtime = firstDay();
  for (const name of [...contents.keys()].sort()) {
    const bytes = contents.get(name);
    if (bytes) entries[name] = [bytes, { mtime, os: UNIX, attrs: READABLE, level: LEVEL }];
  }
  return zipSync(entries);
}

/** The files of a zip that `zip` made. */
export function unzip(bytes: Uint8Array): Contents {
  return new Map(Object.entries(unzipSync(bytes)));
}
