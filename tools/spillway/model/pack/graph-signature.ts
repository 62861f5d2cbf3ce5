/** Pure. Whether a graph is a text classifier's from outside: its operators' version, what it takes and what it gives. */

import type { OnnxModel, ValueInfo } from "../graph/model.ts";
import { elementType, toNumber } from "../graph/tensors.ts";
import { PackError } from "./pack-error.ts";

const OPSET_MIN = 14;
const OPSET_MAX = 18;
const REQUIRED_INPUT = "input_ids";
const INPUTS: ReadonlySet<string> = new Set([REQUIRED_INPUT, "attention_mask", "token_type_ids"]);
const OUTPUT = "logits";
const EXPORT_AGAIN = "export it again with --task text-classification";

/** `path` is for the messages. @throws PackError */
export function checkSignature(model: OnnxModel, path: string): void {
  checkOpset(model, path);
  const constants = new Set(model.graph.initializer.map(({ name }) => name));
  // Old exporters list the weights among the inputs.
  checkInputs(
    model.graph.input.filter(({ name }) => !constants.has(name)),
    path,
  );
  checkOutputs(model.graph.output, path);
}

function checkOpset({ opsetImport }: OnnxModel, path: string): void {
  const standard = opsetImport.find(({ domain }) => domain === undefined || domain === "" || domain === "ai.onnx");
  const version = standard?.version === undefined ? 0 : toNumber(standard.version);
  if (version < OPSET_MIN || version > OPSET_MAX) {
    throw new PackError(
      `${path} uses opset ${version}; allowed are ${OPSET_MIN} to ${OPSET_MAX}: export it again with --opset 17.`,
    );
  }
}

function checkInputs(inputs: readonly ValueInfo[], path: string): void {
  const unknown = inputs.filter(({ name }) => !INPUTS.has(name)).map(({ name }) => name);
  if (unknown.length > 0) {
    throw new PackError(
      `${path} asks for ${unknown.join(", ")}; a classifier's inputs are ${[...INPUTS].join(", ")}: ${EXPORT_AGAIN}.`,
    );
  }
  if (!inputs.some(({ name }) => name === REQUIRED_INPUT)) {
    throw new PackError(`${path} has no input ${REQUIRED_INPUT}: ${EXPORT_AGAIN}.`);
  }
  for (const input of inputs) {
    const type = input.type?.tensorType?.elemType;
    if (type !== undefined && type !== elementType.int64) {
      throw new PackError(`${path} takes ${input.name} as another type than int64: ${EXPORT_AGAIN}.`);
    }
    const [batch, tokens] = dimensionsOf(input) ?? [];
    if ((batch ?? 1) !== 1 || tokens !== undefined) {
      throw new PackError(
        `${path} takes ${input.name} of the fixed shape [${batch ?? "batch"}, ${tokens ?? "tokens"}]; export it with dynamic axes, so that a text costs what it is long.`,
      );
    }
  }
}

function checkOutputs(outputs: readonly ValueInfo[], path: string): void {
  const names = outputs.map(({ name }) => name);
  if (names[0] !== OUTPUT) {
    throw new PackError(
      `${path} gives ${names.join(", ") || "nothing"} instead of ${OUTPUT} first, as encoders without a classification head do: ${EXPORT_AGAIN}.`,
    );
  }
  const logits = outputs[0]?.type?.tensorType;
  if (logits?.elemType !== undefined && logits.elemType !== elementType.float) {
    throw new PackError(`${path} gives logits of another type than float32; export it with --dtype fp32.`);
  }
  const rank = logits?.shape?.dim.length;
  if (rank !== undefined && rank !== 2) throw wrongRank(path, rank);
}

/** For what only a run can tell. */
export function wrongRank(path: string, rank: number): PackError {
  const shape =
    rank === 3 ? "[batch, tokens, labels], one row a token, as token classification does" : `${rank} dimensions`;
  return new PackError(`${path} gives logits of ${shape}; Spillway serves [batch, labels]: ${EXPORT_AGAIN}.`);
}

/** Undefined for each dimension that may vary. */
function dimensionsOf(value: ValueInfo | undefined): (number | undefined)[] | undefined {
  return value?.type?.tensorType?.shape?.dim.map(({ dimValue }) =>
    dimValue === undefined ? undefined : toNumber(dimValue),
  );
}
