/** Finds the shape of every tensor of a model, and the numbers that are the same for all texts: runs it with every tensor as an output. */
import { InferenceSession } from "onnxruntime-node";
import { seededRandom } from "../../../seeded-random.ts";
import { encodeModel } from "./codec.ts";
import { dimensionOf, type Observation, type Shapes, type TensorShape } from "./dimension.ts";
import type { OnnxModel } from "./model.ts";
import { CHECKING } from "./session-options.ts";
import { feedsFor, type TextInputs } from "./text-inputs.ts";

/** Numbers of texts and tokens that distinguish all formulas and are small enough for every model. */
const RUNS = [
  { batch: 2, length: 3 },
  { batch: 1, length: 5 },
  { batch: 3, length: 4 },
] as const;

export interface Observations {
  shapes: Shapes;
  /** The numbers of small tensors that have the same in every run. */
  numbers: ReadonlyMap<string, readonly number[]>;
}

/** Longer tensors are no axes, bounds or factors. */
const MAX_NUMBERS = 8;

/** @throws onnxruntime's error when the model cannot be run */
export async function observeShapes(model: OnnxModel, inputs: TextInputs): Promise<Observations> {
  const session = await InferenceSession.create(encodeModel(withAllOutputs(model)), {
    ...CHECKING,
    // Not optimized: an optimized graph would not have all tensors.
    graphOptimizationLevel: "disabled",
  });
  const seen = new Map<string, Observation[][]>();
  const numbers = new Map<string, number[][]>();
  const random = seededRandom(1);
  try {
    for (const { batch, length } of RUNS) {
      const feeds = feedsFor(inputs, length, Array(batch).fill(length), random);
      const outputs = await session.run(feeds);
      for (const [name, tensor] of [...Object.entries(outputs), ...Object.entries(feeds)]) {
        const observed = tensor.dims.map((value) => ({ batch, length, value }));
        seen.set(name, [...(seen.get(name) ?? []), observed]);
        if (tensor.size > MAX_NUMBERS || (tensor.type !== "float32" && tensor.type !== "int64")) continue;
        numbers.set(name, [...(numbers.get(name) ?? []), Array.from(tensor.data, Number)]);
      }
    }
  } finally {
    await session.release();
  }
  const shapes = new Map<string, TensorShape>();
  for (const [name, runs] of seen) {
    const shape = shapeFrom(runs);
    if (shape !== undefined) shapes.set(name, shape);
  }
  return { shapes, numbers: new Map([...numbers].flatMap(([name, runs]) => sameNumbers(name, runs))) };
}

function sameNumbers(name: string, runs: readonly (readonly number[])[]): [string, readonly number[]][] {
  const [first = []] = runs;
  const isSame = runs.length === RUNS.length && runs.every((one) => one.join() === first.join());
  return isSame ? [[name, first]] : [];
}

function withAllOutputs(model: OnnxModel): OnnxModel {
  const { graph } = model;
  const already = new Set(graph.output.map(({ name }) => name));
  const inner = graph.node.flatMap(({ output }) => output).filter((name) => name !== "" && !already.has(name));
  // Types are optional: onnxruntime infers them.
  const output = [...graph.output, ...inner.map((name) => ({ name, metadataProps: [] }))];
  return { ...model, graph: { ...graph, output } };
}

/** Undefined when the number of dimensions differs between runs. */
function shapeFrom(runs: readonly Observation[][]): TensorShape | undefined {
  const [first = []] = runs;
  if (runs.some(({ length }) => length !== first.length)) return undefined;
  return first.map((_, axis) => dimensionOf(runs.flatMap((run) => run[axis] ?? [])));
}
