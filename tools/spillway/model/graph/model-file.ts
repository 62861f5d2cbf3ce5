/** An ONNX file → a model with all its weights in memory. */
import { type FileHandle, open, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { decodeModel, encodeModel, FILE_MAX_BYTES } from "./codec.ts";
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxTensor } from "./model.ts";

/** @throws Error with one sentence when the file is missing, no ONNX file, or when weights beside it cannot be read. */
export async function readModel(path: string): Promise<OnnxModel> {
  const { size } = await stat(path).catch((cause: unknown) => {
    throw new Error(`${path} is missing or cannot be read.`, { cause });
  });
  if (size > FILE_MAX_BYTES) {
    throw new Error(`${basename(path)} is not an ONNX file: it has more than 2 GiB, which protobuf does not allow.`);
  }
  return await withInlineData(decodeModel(await readFile(path), basename(path)), path);
}

/** A model → one ONNX file, whole or not at all. */

/** All data inline. Written beside and renamed. @throws RangeError above 2 GiB; the file system's own errors. */
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

/**
 * Tensors whose bytes lie in a file beside the model (`location`, `offset`, `length`) are brought into memory.
 * Source of the keys: https://onnx.ai/onnx/repo-docs/ExternalData.html
 */

const EXTERNAL = 1;

/**
 * The same model with all data inline; side files are looked for in the folder of `modelPath`.
 * @throws Error with one sentence when a side file is missing, too short, or outside of the folder.
 */
export async function withInlineData(model: OnnxModel, modelPath: string): Promise<OnnxModel> {
  const files = new SideFiles(modelPath);
  try {
    return { ...model, graph: await inlineGraph(model.graph, files) };
  } finally {
    await files.close();
  }
}

async function inlineGraph(graph: OnnxGraph, files: SideFiles): Promise<OnnxGraph> {
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

async function inlineAttribute(attribute: OnnxAttribute, files: SideFiles): Promise<OnnxAttribute> {
  const { t, g } = attribute;
  if (t === undefined && g === undefined) return attribute;
  return {
    ...attribute,
    ...(t === undefined ? {} : { t: await inlineTensor(t, files) }),
    ...(g === undefined ? {} : { g: await inlineGraph(g, files) }),
  };
}

async function inlineTensor(tensor: OnnxTensor, files: SideFiles): Promise<OnnxTensor> {
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

/** The opened files beside one model: one handle each, however many tensors they hold. */
class SideFiles {
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
      throw new Error(`${location}, which holds weights of ${this.#name()}, is cut off: bring the whole file.`);
    }
    this.#totalBytes += wantedBytes;
    if (this.#totalBytes > FILE_MAX_BYTES) {
      throw new Error(`${this.#name()} has more than 2 GiB of weights in side files; use a smaller model.`);
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
    return file;
  }

  /** A model is somebody else's file: it may not read what lies elsewhere, neither by `..` nor by a link. */
  async #resolve(location: string): Promise<string> {
    const folder = dirname(resolve(this.#modelPath));
    const path = join(folder, location);
    const outside = new Error(
      `${this.#name()} names "${location}" for its weights, which is outside of its folder; only files beside the model are read.`,
    );
    if (location === "" || isAbsolute(location) || !isWithin(folder, path)) throw outside;
    let real: string;
    try {
      real = await realpath(path);
    } catch (error) {
      const sentence = `${location}, which holds weights of ${this.#name()}, is missing: put it beside the model.`;
      throw new Error(sentence, { cause: error });
    }
    // Download caches keep a folder of links: there, the true model and its true side file lie beside one another.
    const homes = [await realpath(folder), dirname(await realpath(this.#modelPath))];
    if (!homes.some((home) => isWithin(home, real))) throw outside;
    return real;
  }

  #name(): string {
    return basename(this.#modelPath);
  }
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
