/** Counts the steps of loads and runs, and holds one of them until it is released: a caller can hang up at exactly that step. */
import type { HeldWork } from "./controls.ts";

const ASK_EVERY_MS = 2;
/** A step that is not released continues, as a bench that ended would leave it held. */
const MAX_HOLD_MS = 4000;

export class HeldSteps {
  readonly counts: Record<HeldWork, number> = { load: 0, run: 0 };
  #hold: { work: HeldWork; step: number } | null = null;
  #isHeld = false;

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Counts from 0 again, releases what is held, and holds another step; null for none. */
  set(hold: { work: HeldWork; step: number } | null): void {
    this.#hold = hold;
    this.counts.load = 0;
    this.counts.run = 0;
  }

  /** One step of a load or a run. */
  async step(work: HeldWork): Promise<void> {
    const number = this.counts[work]++;
    const hold = this.#hold;
    if (hold === null || hold.work !== work || hold.step !== number) return;
    this.#isHeld = true;
    const untilMs = Date.now() + MAX_HOLD_MS;
    while (this.#hold === hold && Date.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
    this.#isHeld = false;
  }
}
