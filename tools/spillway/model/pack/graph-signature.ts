/** Pure. Checks that a graph is a text classifier: its operators' version, its inputs and its output. */
import {
  GRAPH_INPUTS,
  isGraphInput,
  LOGITS_OUTPUT,
  TOKEN_IDS_INPUT,
} from "../../../../formats/model-package/graph-inputs.ts";
import type { OnnxModel, ValueInfo } from "../graph/model.ts";
import { elementType, toNumber } from "../graph/tensors.ts";
import { PackError } from "./pack-error.ts";

/** Operator sets that both sides' runtimes are tested with. torch 2.13 exports 20 by default. */
const MIN_OPSET = 11;
const MAX_OPSET = 21;
const EXPORT_AGAIN = "export it again with --task text-classification";

/** @param path for the messages. @throws PackError */
export function checkSignature(model: OnnxModel, path: string): void {
  checkOpset(model, path);
  // Old exporters list the weights among the inputs.
  const constants = new Set(model.graph.initializer.map(({ name }) => name));
  checkInputs(
    model.graph.input.filter(({ name }) => !constants.has(name)),
    path,
  );
  checkOutputs(model.graph.output, path);
}

function checkOpset({ opsetImport }: OnnxModel, path: string): void {
  const standard = opsetImport.find(({ domain }) => domain === undefined || domain === "" || domain === "ai.onnx");
  const version = standard?.version === undefined ? 0 : toNumber(standard.version);
  if (version >= MIN_OPSET && version <= MAX_OPSET) return;
  throw new PackError(
    `${path} uses opset ${version}; allowed are ${MIN_OPSET} to ${MAX_OPSET}: export it again with --opset 17.`,
  );
}

function checkInputs(inputs: readonly ValueInfo[], path: string): void {
  const unknown = inputs.map(({ name }) => name).filter((name) => !isGraphInput(name));
  if (unknown.length > 0) {
    throw new PackError(
      `${path} has the inputs ${unknown.join(", ")}; a text classifier's inputs are ${GRAPH_INPUTS.join(", ")}: ${EXPORT_AGAIN}.`,
    );
  }
  if (!inputs.some(({ name }) => name === TOKEN_IDS_INPUT)) {
    throw new PackError(`${path} has no input ${TOKEN_IDS_INPUT}: ${EXPORT_AGAIN}.`);
  }
  for (const input of inputs) {
    const type = input.type?.tensorType?.elemType;
    if (type !== undefined && type !== elementType.int64) {
      throw new PackError(`${path} has an input ${input.name} that is not int64: ${EXPORT_AGAIN}.`);
    }
    const [batch, tokens] = dimensionsOf(input);
    if ((batch ?? 1) !== 1 || (tokens ?? null) !== null) {
      throw new PackError(
        `${path} has an input ${input.name} of the fixed shape [${batch ?? "batch"}, ${tokens ?? "tokens"}]; export it with dynamic axes, so that short texts take less time.`,
      );
    }
  }
}

/** Outputs of an encoder. A head's logits have another name. */
const OF_THE_ENCODER = /hidden|pool|embed/i;

/** Names of the outputs that may be the logits: `logits`, otherwise every one that is not the encoder's own. */
export function logitsCandidates(outputs: readonly ValueInfo[]): string[] {
  const names = outputs.map(({ name }) => name);
  return names.includes(LOGITS_OUTPUT) ? [LOGITS_OUTPUT] : names.filter((name) => !OF_THE_ENCODER.test(name));
}

function checkOutputs(outputs: readonly ValueInfo[], path: string): void {
  const [only, more] = logitsCandidates(outputs);
  if (only === undefined) {
    const names = outputs.map(({ name }) => name).join(", ");
    throw new PackError(
      `${path} has the output ${names || "nothing"} instead of ${LOGITS_OUTPUT}, as encoders without a classification head do: ${EXPORT_AGAIN}.`,
    );
  }
  // Of several, the shapes in a run decide.
  if (more !== undefined) return;
  const logits = outputs.find(({ name }) => name === only)?.type?.tensorType;
  if (logits?.elemType !== undefined && logits.elemType !== elementType.float) {
    throw new PackError(`${path} returns logits that are not float32; export it with --dtype fp32.`);
  }
  const rank = logits?.shape?.dim.length;
  if (rank !== undefined && rank !== 2) throw wrongRank(path, rank);
}

/** The error for logits of another rank than 2, which may only show in a run. */
export function wrongRank(path: string, rank: number): PackError {
  const shape =
    rank === 3 ? "[batch, tokens, labels], one row per token, as in token classification" : `${rank} dimensions`;
  return new PackError(`${path} returns logits of ${shape}; Spillway serves [batch, labels]: ${EXPORT_AGAIN}.`);
}

/** Null for each dimension that is dynamic; empty if the shape is not declared. */
function dimensionsOf(value: ValueInfo): (number | null)[] {
  const dims = value.type?.tensorType?.shape?.dim ?? [];
  return dims.map(({ dimValue }) => (dimValue === undefined ? null : toNumber(dimValue)));
}
