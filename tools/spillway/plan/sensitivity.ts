/** What each assumption moves at the ends of its range, and which one turns the advice first. Seeded; no clock. */
import { type ByOption, type Compared, distance, type Verdict, verdictOf } from "./advice.ts";
import { type Assumption, type AssumptionName, type Values, valuesOf } from "./assumptions.ts";
import { type Evaluated, type Evaluation, evaluate } from "./evaluate.ts";
import { figuresOf, movedFigures } from "./figures.ts";

/** The figures of every option with one assumption at one end of its range. */
export interface Moved {
  name: AssumptionName;
  /** Of the assumption. */
  value: number;
  options: ByOption;
}

export interface Turn {
  name: AssumptionName;
  /** At this value the advice turns. */
  value: number;
  /** What turns it. */
  compared: Compared;
  verdict: Verdict;
}

export interface Sensitivity {
  moved: Moved[];
  /** Null if no assumption turns the advice within its range. */
  turn: Turn | null;
}

/** Calls of a small simulation, whose figures are only compared with each other. */
const SMALL_CALLS = 12_000;
const BISECTIONS = 4;
const COMPARED: readonly Compared[] = ["billUsd", "p95Ms"];

/** @param smallTexts of the simulations that are compared */
export async function sensitivityOf(
  input: Evaluated,
  assumptions: readonly Assumption[],
  full: Evaluation,
  smallTexts: number,
): Promise<Sensitivity> {
  const fullFigures = byOption(full);
  const smallInput = { ...input, mostCalls: SMALL_CALLS, mostTexts: smallTexts };
  const small = byOption(await evaluate(smallInput, valuesOf(assumptions)));
  const at = async (name: AssumptionName, value: number): Promise<Moved> => {
    const changed = byOption(await evaluate(smallInput, valuesOf(assumptions, { [name]: value } as Partial<Values>)));
    return { name, value, options: movedBy(fullFigures, small, changed) };
  };
  const moved: Moved[] = [];
  for (const { name, value, low, high } of assumptions) {
    for (const end of new Set([low, high])) if (end !== value) moved.push(await at(name, end));
  }
  return { moved, turn: await firstTurn(fullFigures, moved, assumptions, at) };
}

interface Crossing {
  moved: Moved;
  compared: Compared;
  /** Of the way to the end of the range. */
  part: number;
}

/** The crossing that needs the smallest part of its range, by interpolation, then by bisection. */
async function firstTurn(
  full: ByOption,
  moved: readonly Moved[],
  assumptions: readonly Assumption[],
  at: (name: AssumptionName, value: number) => Promise<Moved>,
): Promise<Turn | null> {
  const crossings = moved.flatMap((one) =>
    COMPARED.flatMap((compared): Crossing[] => {
      const [from, to] = [distance(full, compared), distance(one.options, compared)];
      return from < 0 === to < 0 ? [] : [{ moved: one, compared, part: from / (from - to) }];
    }),
  );
  const [first] = crossings.toSorted((a, b) => a.part - b.part);
  if (first === undefined) return null;
  const { name, value: end } = first.moved;
  const start = assumptions.find((one) => one.name === name)?.value ?? end;
  let [same, turned] = [start, end];
  let last = first.moved;
  const isBelow = distance(full, first.compared) < 0;
  for (let step = 0; step < BISECTIONS; step++) {
    const middle = step === 0 ? between(same, turned, first.part) : between(same, turned, 0.5);
    const found = await at(name, middle);
    if (distance(found.options, first.compared) < 0 === isBelow) same = middle;
    else [turned, last] = [middle, found];
  }
  return { name, value: between(same, turned, 0.5), compared: first.compared, verdict: verdictOf(last.options) };
}

/** Ranges of factors are divided by factors. */
function between(from: number, to: number, part: number): number {
  return from > 0 && to > 0 ? from * (to / from) ** part : from + (to - from) * part;
}

function byOption({ options }: Evaluation): ByOption {
  return new Map(options.map((option) => [option.id, figuresOf(option)]));
}

function movedBy(full: ByOption, small: ByOption, changed: ByOption): ByOption {
  return new Map(
    [...full].map(([id, figures]) => {
      const [a, b] = [small.get(id), changed.get(id)];
      return [id, a === undefined || b === undefined ? figures : movedFigures(figures, a, b)];
    }),
  );
}
