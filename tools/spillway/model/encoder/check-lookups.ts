/** Observes the integers that a graph looks up and the masks of its attention, on texts of several lengths with padding. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { seededRandom } from "../../../seeded-random.ts";
import { encodeModel } from "../graph/codec.ts";
import type { OnnxModel } from "../graph/model.ts";
import { removeUnusedNodes } from "../graph/remove-unused-nodes.ts";
import { CHECKING } from "../graph/session-options.ts";
import { wholeNumbersOf } from "../graph/tensors.ts";
import type { TextInputs } from "../graph/text-inputs.ts";
import { MAX_MASKED } from "./attention-rules.ts";
import { COUNTED_POSITIONS, type Lookup, type Mask } from "./expression.ts";
import { RefusedGraph } from "./refused.ts";

/** The tables by what looks them up. */
export interface Tables {
  words: Lookup;
  places: Lookup;
  /** The first row of `places` that a text can reach. */
  firstPlace: number;
  kinds: Lookup | null;
  /** Rows of `kinds` that a text can reach. */
  kindRows: number;
  padToken: number | null;
}

/** A batch of texts and the values of tensors for it. */
interface Run {
  texts: number;
  tokens: number;
  ids: readonly number[];
  kinds: readonly number[];
  /** 1 for tokens, 0 for padding. */
  mask: readonly number[];
  tensors: ReadonlyMap<string, { dims: readonly number[]; values: readonly number[] }>;
}

const SHORT_RUNS = [
  { texts: 2, tokens: 9 },
  { texts: 1, tokens: 1 },
  { texts: 3, tokens: 6 },
] as const;
/** Longer tables do not hold positions. */
const MAX_POSITIONS = 8192;

/**
 * Decides what each table is for, by the integers that look it up, and checks the masks.
 * @throws RefusedGraph
 */
export async function checkLookups(
  model: OnnxModel,
  inputs: TextInputs,
  lookups: readonly Lookup[],
  masks: readonly Mask[],
): Promise<Tables> {
  const names = [...lookups.map(({ ids }) => ids), ...masks.map(({ tensor }) => tensor)];
  const observer = await Observer.open(model, inputs, names);
  try {
    const runs: Run[] = [];
    for (const { texts, tokens } of SHORT_RUNS) runs.push(await observer.run(texts, tokens));
    for (const mask of masks) for (const run of runs) checkMask(mask, run);
    const tables = tablesOf(lookups, runs, smallIntegers(model));
    const { places, firstPlace, padToken } = tables;
    const longest = places.rows - firstPlace - (padToken === null ? 0 : 1);
    const long = await observer.run(1, Math.min(longest, MAX_POSITIONS)).catch(() => {
      throw new RefusedGraph(`It has rows for ${longest} positions, but cannot run a text of as many tokens.`);
    });
    tablesOf(lookups, [...runs, long], smallIntegers(model));
    return tables;
  } finally {
    await observer.close();
  }
}

/** Computes only the tensors that are wanted. */
class Observer {
  readonly #session: InferenceSession | null;
  readonly #inputs: TextInputs;
  readonly #names: ReadonlySet<string>;
  readonly #padCandidates: readonly number[];
  readonly #random = seededRandom(3);

  private constructor(session: InferenceSession | null, inputs: TextInputs, names: Set<string>, pads: number[]) {
    this.#session = session;
    this.#inputs = inputs;
    this.#names = names;
    this.#padCandidates = pads;
  }

  static async open({ graph, ...rest }: OnnxModel, inputs: TextInputs, wanted: readonly string[]): Promise<Observer> {
    const given = new Set(graph.input.map(({ name }) => name));
    const names = new Set(wanted.filter((name) => name !== COUNTED_POSITIONS));
    const output = [...names].filter((name) => !given.has(name)).map((name) => ({ name, metadataProps: [] }));
    const pads = smallIntegers({ graph, ...rest }).filter((id) => id < inputs.vocabularySize);
    if (output.length === 0) return new Observer(null, inputs, names, pads);
    const partial = { ...rest, graph: removeUnusedNodes({ ...graph, output }) };
    const bytes = encodeModel(partial);
    return new Observer(await InferenceSession.create(bytes, CHECKING), inputs, names, pads);
  }

  async run(texts: number, tokens: number): Promise<Run> {
    const random = this.#random;
    const integers = (next: (at: number) => number) => Array.from({ length: texts * tokens }, (_, at) => next(at));
    const randomId = () => Math.floor(random() * this.#inputs.vocabularySize);
    const pads = this.#padCandidates;
    const ids = integers(() =>
      random() < 0.5 ? randomId() : (pads[Math.floor(random() * pads.length)] ?? randomId()),
    );
    const kinds = integers(() => (random() < 0.5 ? 0 : 1));
    // The first text has no padding, the last one ends with some.
    const padded = texts === 1 ? 0 : Math.ceil(tokens / 3);
    const mask = integers((at) => (at < texts * tokens - padded ? 1 : 0));
    const feeds: Record<string, Tensor> = {};
    for (const name of this.#inputs.names) {
      const values = { input_ids: ids, attention_mask: mask, token_type_ids: kinds }[name];
      feeds[name] = new Tensor("int64", BigInt64Array.from(values, BigInt), [texts, tokens]);
    }
    const wanted = this.#session?.inputNames ?? [];
    const used = Object.fromEntries(Object.entries(feeds).filter(([name]) => wanted.includes(name)));
    const outputs = (await this.#session?.run(used)) ?? {};
    const tensors = new Map<string, { dims: readonly number[]; values: readonly number[] }>();
    for (const name of this.#names) {
      const tensor = outputs[name] ?? feeds[name];
      if (tensor !== undefined) tensors.set(name, { dims: tensor.dims, values: Array.from(tensor.data, Number) });
    }
    return { texts, tokens, ids, kinds, mask, tensors };
  }

  async close(): Promise<void> {
    await this.#session?.release();
  }
}

/** Integers that a graph compares or adds: one of them may be the padding's id. */
function smallIntegers({ graph }: OnnxModel): number[] {
  const tensors = [
    ...graph.initializer,
    ...graph.node.flatMap(({ opType, attribute }) =>
      opType === "Constant" ? attribute.flatMap(({ t }) => t ?? []) : [],
    ),
  ];
  const scalars = tensors
    .filter(({ dims }) => dims.reduce((size, { low }) => size * low, 1) === 1)
    .flatMap((tensor) => wholeNumbersOf(tensor) ?? []);
  return [...new Set([0, 1, ...scalars])].filter((value) => value >= 0);
}

function tablesOf(lookups: readonly Lookup[], runs: readonly Run[], pads: readonly number[]): Tables {
  const isEqual = ({ ids }: Lookup, expected: (run: Run) => readonly number[]) =>
    runs.every((run) => matches(run, ids, expected(run)));
  const words = lookups.filter((lookup) => isEqual(lookup, (run) => run.ids));
  const others = lookups.filter((lookup) => !words.includes(lookup));
  const withPlaces = others.flatMap((lookup) => placesOf(lookup, runs, pads));
  const kinds = others.filter((lookup) => !withPlaces.some(({ places }) => places === lookup));
  const [word, place, kind] = [words[0], withPlaces[0], kinds[0]];
  if (word === undefined || words.length > 1)
    throw new RefusedGraph(`It has ${words.length} tables that token ids look up; the engine needs one.`);
  if (place === undefined || withPlaces.length > 1) {
    throw new RefusedGraph(
      "Its positions are not counted from the first token on, nor from the padding's id as in RoBERTa.",
    );
  }
  if (kinds.length > 1)
    throw new RefusedGraph(`It adds ${lookups.length} lookups to an embedding; the engine adds up to three.`);
  if (kind === undefined) return { words: word, ...place, kinds: null, kindRows: 1 };
  if (isEqual(kind, (run) => run.kinds)) return { words: word, ...place, kinds: kind, kindRows: kind.rows };
  if (isEqual(kind, (run) => run.ids.map(() => 0))) return { words: word, ...place, kinds: kind, kindRows: 1 };
  throw new RefusedGraph("It looks up a third table by something other than token_type_ids.");
}

/** Positions from the first token on, or counted over the tokens that are not padding. */
function placesOf(
  lookup: Lookup,
  runs: readonly Run[],
  pads: readonly number[],
): Pick<Tables, "places" | "firstPlace" | "padToken">[] {
  const fits = (position: (run: Run) => readonly number[]) =>
    runs.every((run) => matches(run, lookup.ids, position(run)));
  if (lookup.ids === COUNTED_POSITIONS || fits(({ ids, tokens }) => ids.map((_, at) => at % tokens))) {
    return [{ places: lookup, firstPlace: 0, padToken: null }];
  }
  const padToken = pads.find((pad) => fits((run) => countedFrom(run, pad)));
  return padToken === undefined ? [] : [{ places: lookup, firstPlace: padToken, padToken }];
}

function countedFrom({ ids, tokens }: Run, pad: number): number[] {
  let counted = 0;
  return ids.map((id, at) => {
    if (at % tokens === 0) counted = 0;
    return id === pad ? pad : pad + ++counted;
  });
}

/** Compares a tensor [texts, tokens] with expected values; one with fewer texts is the same for each. */
function matches({ tensors, ids }: Run, name: string, expected: readonly number[]): boolean {
  const values = tensors.get(name)?.values ?? [];
  if (values.length === 0 || ids.length % values.length !== 0) return false;
  return expected.every((one, at) => values[at % values.length] === one);
}

/** @throws RefusedGraph unless every key of a text is kept as it is, and every key of padding is masked */
function checkMask({ tensor, keeps }: Mask, { tensors, texts, tokens, mask }: Run): void {
  const { dims, values } = tensors.get(tensor) ?? { dims: [], values: [] };
  const perText = dims.length > 2 && dims[0] !== 1 ? values.length / texts : values.length;
  const isOfKeys = dims.at(-1) === tokens && Number.isInteger(perText);
  const isRight = values.every((value, at) => {
    const [text, key] = [Math.floor(at / perText), at % tokens];
    const expected = (index: number) => mask[index * tokens + key] === 1;
    const isKept = keeps === "added" ? value === 0 : (value !== 0) === keeps;
    const isMasked = keeps === "added" ? value <= MAX_MASKED : !isKept;
    return expected(text) ? isKept : isMasked;
  });
  if (isOfKeys && isRight) return;
  throw new RefusedGraph(
    `Its attention adds "${tensor}" to the scores, which is not only a mask: it may depend on positions, or keep what is padding.`,
  );
}
