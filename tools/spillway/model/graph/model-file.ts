/** Reads and writes ONNX files. A model that was read has all of its weights in memory. */
import { type FileHandle, open, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { isLfsPointer, lfsPointerProblem } from "../../../process/read-text.ts";
import { decodeModel, encodeModel, MAX_FILE_BYTES } from "./codec.ts";
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxTensor } from "./model.ts";

/**
 * Reads a model with its external weights.
 * @throws Error with one sentence when the file is missing or is not an ONNX file, or when external weights cannot be read
 */
export async function readModel(path: string): Promise<OnnxModel> {
  const { size } = await stat(path).catch((cause: unknown) => {
    throw new Error(`${path} is missing or cannot be read.`, { cause });
  });
  if (size > MAX_FILE_BYTES) {
    throw new Error(`${basename(path)} is not an ONNX file: it has more than 2 GiB, which protobuf does not allow.`);
  }
  return await withInlineData(decodeModel(await readFile(path), basename(path)), path);
}

/**
 * Writes one file with all data inline. It is written beside the target and renamed, so that the target is whole or absent.
 * @throws RangeError above 2 GiB; the file system's errors
 */
export async function writeModel(model: OnnxModel, path: string): Promise<void> {
  const bytes = encodeModel(model);
  const staging = `${path}.${process.pid}.part`;
  try {
    await writeFile(staging, bytes);
    await rename(staging, path);
  } finally {
    await rm(staging, { force: true });
  }
}

/** Git LFS writes less. */
const MAX_POINTER_BYTES = 1024;

/** `dataLocation` of a tensor in an external file. Its keys: https://onnx.ai/onnx/repo-docs/ExternalData.html */
const EXTERNAL = 1;

/** Throws an Error with one sentence when an external file is missing, too short, or outside of the model's folder. */
async function withInlineData(model: OnnxModel, modelPath: string): Promise<OnnxModel> {
  const files = new ExternalFiles(modelPath);
  try {
    return { ...model, graph: await inlineGraph(model.graph, files) };
  } finally {
    await files.close();
  }
}

async function inlineGraph(graph: OnnxGraph, files: ExternalFiles): Promise<OnnxGraph> {
  const initializer: OnnxTensor[] = [];
  for (const tensor of graph.initializer) initializer.push(await inlineTensor(tensor, files));
  const node: OnnxGraph["node"][number][] = [];
  for (const one of graph.node) {
    const attribute: OnnxAttribute[] = [];
    for (const value of one.attribute) attribute.push(await inlineAttribute(value, files));
    node.push({ ...one, attribute });
  }
  return { ...graph, initializer, node };
}

async function inlineAttribute(attribute: OnnxAttribute, files: ExternalFiles): Promise<OnnxAttribute> {
  const { t, g } = attribute;
  if (t === undefined && g === undefined) return attribute;
  return {
    ...attribute,
    ...(t === undefined ? {} : { t: await inlineTensor(t, files) }),
    ...(g === undefined ? {} : { g: await inlineGraph(g, files) }),
  };
}

async function inlineTensor(tensor: OnnxTensor, files: ExternalFiles): Promise<OnnxTensor> {
  if (tensor.dataLocation !== EXTERNAL) return tensor;
  const { externalData, dataLocation: _, ...rest } = tensor;
  const entries = new Map(externalData.map(({ key, value }) => [key, value ?? ""]));
  const location = entries.get("location") ?? "";
  const rawData = await files.read(location, wholeNumber(entries.get("offset")), wholeNumber(entries.get("length")));
  return { ...rest, externalData: [], rawData };
}

function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`The model's external data has an offset or a length of "${text}"; whole numbers are allowed.`);
}

/** The external files of one model, with one file handle each. */
class ExternalFiles {
  readonly #modelPath: string;
  readonly #opened = new Map<string, FileHandle>();
  #totalBytes = 0;

  constructor(modelPath: string) {
    this.#modelPath = modelPath;
  }

  async read(location: string, offset = 0, length?: number): Promise<Uint8Array> {
    const file = this.#opened.get(location) ?? (await this.#open(location));
    const { size } = await file.stat();
    const wantedBytes = length ?? size - offset;
    if (wantedBytes < 0 || offset + wantedBytes > size) {
      throw new Error(`${location}, which holds weights of ${this.#name()}, is cut off: provide the whole file.`);
    }
    this.#totalBytes += wantedBytes;
    if (this.#totalBytes > MAX_FILE_BYTES) {
      throw new Error(`${this.#name()} has more than 2 GiB of external weights; use a smaller model.`);
    }
    const bytes = new Uint8Array(wantedBytes);
    let done = 0;
    while (done < wantedBytes) {
      const { bytesRead } = await file.read(bytes, done, wantedBytes - done, offset + done);
      if (bytesRead === 0) throw new Error(`${location} became shorter while it was read.`);
      done += bytesRead;
    }
    return bytes;
  }

  async close(): Promise<void> {
    for (const file of this.#opened.values()) await file.close();
  }

  async #open(location: string): Promise<FileHandle> {
    const file = await open(await this.#resolve(location), "r");
    this.#opened.set(location, file);
    if (await isPointer(file)) throw new Error(lfsPointerProblem(location));
    return file;
  }

  /** A model file is untrusted: it may not name a file outside of its folder, neither with `..` nor through a link. */
  async #resolve(location: string): Promise<string> {
    const folder = dirname(resolve(this.#modelPath));
    const path = join(folder, location);
    const outside = new Error(
      `${this.#name()} names "${location}" for its weights, which is outside of its folder; only files in the model's folder are read.`,
    );
    if (location === "" || isAbsolute(location) || !isWithin(folder, path)) throw outside;
    let real: string;
    try {
      real = await realpath(path);
    } catch (error) {
      const sentence = `${location}, which holds weights of ${this.#name()}, is missing: put it into the model's folder.`;
      throw new Error(sentence, { cause: error });
    }
    // A download cache has a folder of links. The linked model and its linked external file are in one folder too.
    const homes = [await realpath(folder), dirname(await realpath(this.#modelPath))];
    if (!homes.some((home) => isWithin(home, real))) throw outside;
    return real;
  }

  #name(): string {
    return basename(this.#modelPath);
  }
}

async function isPointer(file: FileHandle): Promise<boolean> {
  const { buffer } = await file.read(Buffer.alloc(MAX_POINTER_BYTES), 0, MAX_POINTER_BYTES, 0);
  return isLfsPointer(buffer);
}

function isWithin(folder: string, path: string): boolean {
  const route = relative(folder, path);
  return route !== "" && route !== ".." && !route.startsWith(`..${sep}`) && !isAbsolute(route);
}
