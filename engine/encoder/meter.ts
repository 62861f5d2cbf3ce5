/**
 * Work of one run, in units of one 8-bit multiply-add within a product. Other kernels cost as many units per element as they take
 * time (measured by engine/bench, parts). Clocks stand still in a Worker between two I/Os, so steps are bounded by work, not by time.
 */

/** Units per element, or per f32 multiply-add of attention. */
export const UNITS = {
  attention: 4,
  softmax: 40,
  layerNorm: 45,
  quantize: 40,
  activation: 70,
  embed: 30,
  dense: 12,
} as const;

/** Adds up what kernel calls cost, and asks for a pause whenever a step is full. */
export class Meter {
  readonly #unitsPerStep: () => number;
  #perStep = 0;
  #inStep = 0;

  /** @param unitsPerStep called as each step begins */
  constructor(unitsPerStep: () => number) {
    this.#unitsPerStep = unitsPerStep;
    this.beginStep();
  }

  /** To be called after each pause. */
  beginStep(): void {
    this.#perStep = this.#unitsPerStep();
  }

  /** @returns whether the step is full */
  spend(units: number): boolean {
    this.#inStep += units;
    return this.#inStep >= this.#perStep;
  }

  /** Ends the step. @returns its units */
  endStep(): number {
    const units = this.#inStep;
    this.#inStep = 0;
    return units;
  }
}
