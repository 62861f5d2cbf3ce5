/** A loaded encoder: texts in, logits out, in steps between which the caller may do something else. */
import type { Architecture } from "../format/architecture.ts";
import type { DotVariant } from "../kernels.ts";
import type { Model, RunContext, Steps } from "./context.ts";
import { embedTokens } from "./embeddings.ts";
import { computeLogits } from "./head.ts";
import { runLayer } from "./layer.ts";
import { Meter } from "./meter.ts";
import { checkTexts, type TextInput, writeTexts } from "./texts.ts";

/**
 * Units of work per millisecond: what workerd reaches on an AMD EPYC (Zen 3) at 128 tokens, from engine/bench. On a slower machine
 * steps are longer: pass what was measured there.
 */
export const DEFAULT_UNITS_PER_MS = 45_000_000;

export interface RunOptions {
  /**
   * A step's length in milliseconds, about; a function is asked as each step begins. A step is at least one kernel call long, some
   * 10 µs.
   */
  stepMs?: number | (() => number);
  unitsPerMs?: number;
}

/** The run cannot start or continue because of another run or another model. */
export class EngineStateError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "EngineStateError";
  }
}

/** Which run uses the engine's buffers. One object per engine. */
export interface Occupancy {
  model: Model | null;
  run: symbol | null;
}

const DEFAULT_STEP_MS = 10;

export class Encoder {
  readonly #model: Model;
  readonly #occupancy: Occupancy;

  constructor(model: Model, occupancy: Occupancy) {
    this.#model = model;
    this.#occupancy = occupancy;
  }

  get architecture(): Architecture {
    return this.#model.architecture;
  }

  /** Tokens of all texts of one run together, at most. */
  get maxTokens(): number {
    return this.#model.plan.maxTokens;
  }

  /** The form of the dot product that this machine uses. */
  get variant(): DotVariant {
    return this.#model.kernels.variant;
  }

  /**
   * Runs texts together. Each `next()` computes one step and gives its units of work; the last one returns the logits, one array per
   * text. `return()` ends the run early. A text's logits are the same to the bit, whatever texts are beside it.
   * The run begins with the first `next()`, which throws EngineStateError while another run is unfinished: texts never interleave.
   * @throws RangeError at once, with one sentence, if a text cannot be run
   */
  run(
    texts: readonly TextInput[],
    { stepMs = DEFAULT_STEP_MS, unitsPerMs = DEFAULT_UNITS_PER_MS }: RunOptions = {},
  ): Steps<Float32Array[]> {
    checkTexts(this.#model, texts);
    const nextStepMs = typeof stepMs === "number" ? () => stepMs : stepMs;
    return this.#steps(texts, new Meter(() => nextStepMs() * unitsPerMs));
  }

  /** Ends an unfinished run that its owner has abandoned; its next step throws EngineStateError. */
  abort(): void {
    this.#checkLoaded();
    this.#occupancy.run = null;
  }

  *#steps(texts: readonly TextInput[], meter: Meter): Steps<Float32Array[]> {
    this.#checkLoaded();
    if (this.#occupancy.run !== null) {
      throw new EngineStateError("Another run is unfinished: finish it, return() it, or abort() the encoder first.");
    }
    const ticket = Symbol("run");
    this.#occupancy.run = ticket;
    try {
      const work = computeTexts({ model: this.#model, meter }, texts);
      for (;;) {
        const step = work.next();
        if (step.done) return step.value;
        yield step.value;
        meter.beginStep();
        if (this.#occupancy.run !== ticket) throw new EngineStateError("The run was aborted.");
      }
    } finally {
      if (this.#occupancy.run === ticket) this.#occupancy.run = null;
    }
  }

  #checkLoaded(): void {
    if (this.#occupancy.model !== this.#model) {
      throw new EngineStateError("The engine has loaded another model since, or failed to.");
    }
  }
}

function* computeTexts(run: RunContext, texts: readonly TextInput[]): Steps<Float32Array[]> {
  const { rows, count, severalKinds } = writeTexts(run.model, texts);
  yield* embedTokens(run, count, severalKinds);
  for (let layer = 0; layer < run.model.architecture.layers; layer++) {
    yield* runLayer(run, layer, rows, count);
  }
  const logits: Float32Array[] = [];
  for (const text of rows.keys()) logits.push(yield* computeLogits(run, text));
  return logits;
}

/** Computes all steps of a run without a pause. @returns its logits */
export function runToEnd(steps: Steps<Float32Array[]>): Float32Array[] {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
