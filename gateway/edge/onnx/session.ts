/** A classifier's session in one runtime: weights stay where they were streamed, one run at a time, logits out. */
import type { OrtModule } from "onnxruntime-web/ort-wasm-simd-threaded.mjs";
import { type GraphInput, inputValue, isGraphInput } from "../../../formats/model-package/graph-inputs.ts";
import { allocate, check, checkHandle, OrtError, type OrtRuntime } from "./runtime.ts";

const INT64 = 7;
const FLOAT = 1;
const CPU = 1;
const EXTENDED_OPTIMIZATIONS = 2;
const LOG_FATAL = 4;

/** A block of the wasm heap. */
export interface HeapBlock {
  pointer: number;
  sizeBytes: number;
}

export interface ClassifierSession {
  /**
   * `[1, tokens]` ids in → one logit per label out. Blocks the thread.
   * @param typeIds one for each token id; without them, all are 0. A graph without this input ignores them.
   * @throws OrtError
   */
  run(tokenIds: readonly number[], typeIds?: readonly number[] | null): Float32Array;
  /** Frees everything in the heap, the model's block included. The session must not be run again. */
  release(): void;
}

/**
 * Opens a session on an `.ort` model that already lies in the heap. The session uses the weights in place, so it owns
 * the block from now on and frees it.
 * @throws OrtError if the bytes are not a model, the model needs an unknown operator, or does not fit in the heap; the block is freed then.
 */
export function openSession(runtime: OrtRuntime, model: HeapBlock): ClassifierSession {
  const { ort } = runtime;
  const options = sessionOptions(ort);
  const session = ort._OrtCreateSession(model.pointer, model.sizeBytes, options);
  ort._OrtReleaseSessionOptions(options);
  const names: IoName[] = [];
  const release = () => {
    for (const { pointer } of names) ort._OrtFree(pointer);
    if (session !== 0) ort._OrtReleaseSession(session);
    ort._free(model.pointer);
  };
  try {
    checkHandle(ort, session, "OrtCreateSession");
    const { inputs, outputs } = ioNames(ort, session);
    names.push(...inputs, ...outputs);
    const signature = knownSignature(inputs, outputs);
    const run: ClassifierSession["run"] = (tokenIds, typeIds = null) =>
      runOnce(runtime, { session, ...signature }, tokenIds, typeIds);
    return { run, release };
  } catch (error) {
    release();
    throw error;
  }
}

/** A text classifier's inputs, and the output that holds the logits. */
interface Signature {
  inputs: readonly IoName<GraphInput>[];
  logits: IoName;
}

/** @throws OrtError */
function knownSignature(inputs: readonly IoName[], [logits]: readonly IoName[]): Signature {
  const known = inputs.map(({ name, pointer }) => {
    if (!isGraphInput(name)) throw new OrtError("OrtCreateSession", `the graph has an unknown input "${name}"`);
    return { name, pointer };
  });
  if (logits === undefined) throw new OrtError("OrtCreateSession", "the graph has no output");
  return { inputs: known, logits };
}

interface IoName<Name extends string = string> {
  name: Name;
  /** A C string in the heap; it must stay valid as long as the session. */
  pointer: number;
}

function sessionOptions(ort: OrtModule): number {
  // No arena and no memory pattern: both would keep the largest run's memory.
  const options = checkHandle(
    ort,
    ort._OrtCreateSessionOptions(EXTENDED_OPTIMIZATIONS, false, false, 0, false, 0, 0, LOG_FATAL, 0, 0),
    "OrtCreateSessionOptions",
  );
  for (const key of ["session.use_ort_model_bytes_directly", "session.use_ort_model_bytes_for_initializers"]) {
    const name = cString(ort, key);
    const on = cString(ort, "1");
    check(ort, ort._OrtAddSessionConfigEntry(options, name, on), "OrtAddSessionConfigEntry");
    ort._free(name);
    ort._free(on);
  }
  return options;
}

function ioNames(ort: OrtModule, session: number): { inputs: IoName[]; outputs: IoName[] } {
  const stack = ort.stackSave();
  const at = ort.stackAlloc(8);
  check(ort, ort._OrtGetInputOutputCount(session, at, at + 4), "OrtGetInputOutputCount");
  const inputCount = ort.getValue(at, "i32");
  const count = inputCount + ort.getValue(at + 4, "i32");
  const names: IoName[] = [];
  for (let index = 0; index < count; index++) {
    check(ort, ort._OrtGetInputOutputMetadata(session, index, at, at + 4), "OrtGetInputOutputMetadata");
    const pointer = ort.getValue(at, "*");
    names.push({ name: ort.UTF8ToString(pointer), pointer });
    ort._OrtFree(ort.getValue(at + 4, "*"));
  }
  ort.stackRestore(stack);
  return { inputs: names.slice(0, inputCount), outputs: names.slice(inputCount) };
}

function runOnce(
  runtime: OrtRuntime,
  { session, inputs, logits }: Signature & { session: number },
  tokenIds: readonly number[],
  typeIds: readonly number[] | null,
): Float32Array {
  const { ort } = runtime;
  const stack = ort.stackSave();
  const blocks: number[] = [];
  const tensors: number[] = [];
  try {
    const inputNames = ort.stackAlloc(4 * inputs.length);
    const inputTensors = ort.stackAlloc(4 * inputs.length);
    const outputNames = ort.stackAlloc(4);
    const outputTensors = ort.stackAlloc(4);
    for (const [index, input] of inputs.entries()) {
      const block = allocate(ort, 8 * tokenIds.length);
      blocks.push(block);
      const words = new Int32Array(runtime.heap().buffer, block, 2 * tokenIds.length).fill(0);
      // An int64 is two words, low first; token ids never reach the high one.
      for (const [at, id] of tokenIds.entries()) words[2 * at] = inputValue(input.name, { id, typeId: typeIds?.[at] });
      const tensor = int64Row(ort, block, tokenIds.length);
      tensors.push(tensor);
      ort.setValue(inputNames + 4 * index, input.pointer, "*");
      ort.setValue(inputTensors + 4 * index, tensor, "*");
    }
    ort.setValue(outputNames, logits.pointer, "*");
    ort.setValue(outputTensors, 0, "*");
    check(
      ort,
      ort._OrtRun(session, inputNames, inputTensors, inputs.length, outputNames, 1, outputTensors, 0),
      "OrtRun",
    );
    const result = ort.getValue(outputTensors, "*");
    tensors.push(result);
    return floats(runtime, result);
  } finally {
    for (const tensor of tensors) ort._OrtReleaseTensor(tensor);
    for (const block of blocks) ort._free(block);
    ort.stackRestore(stack);
  }
}

/** A `[1, length]` int64 tensor over the block. */
function int64Row(ort: OrtModule, block: number, length: number): number {
  const dims = ort.stackAlloc(8);
  ort.setValue(dims, 1, "i32");
  ort.setValue(dims + 4, length, "i32");
  return checkHandle(ort, ort._OrtCreateTensor(INT64, block, 8 * length, dims, 2, CPU), "OrtCreateTensor");
}

/** Copies a float tensor out of the heap. */
function floats(runtime: OrtRuntime, tensor: number): Float32Array {
  const { ort } = runtime;
  const at = ort.stackAlloc(16);
  check(ort, ort._OrtGetTensorData(tensor, at, at + 4, at + 8, at + 12), "OrtGetTensorData");
  const dims = ort.getValue(at + 8, "*");
  const dimsCount = ort.getValue(at + 12, "i32");
  const shape = Array.from({ length: dimsCount }, (_, index) => ort.getValue(dims + 4 * index, "i32"));
  ort._OrtFree(dims);
  if (ort.getValue(at, "i32") !== FLOAT) throw new OrtError("OrtRun", "the graph's output is not float32");
  const count = shape.reduce((product, size) => product * size, 1);
  return Float32Array.from(new Float32Array(runtime.heap().buffer, ort.getValue(at + 4, "*"), count));
}

function cString(ort: OrtModule, text: string): number {
  const sizeBytes = ort.lengthBytesUTF8(text) + 1;
  const pointer = allocate(ort, sizeBytes);
  ort.stringToUTF8(text, pointer, sizeBytes);
  return pointer;
}
