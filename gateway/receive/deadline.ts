/** A time by which several waits, one after another, must be over. */

/** `Promise.race` with one promise again and again would make that one hold on to every result until it settles itself. */
export class Deadline {
  #isOver = false;
  #ring = () => {};

  constructor(over: Promise<unknown>) {
    void over.then(() => {
      this.#isOver = true;
      this.#ring();
    });
  }

  /** What `work` comes to, or "deadline" where that is first. */
  within<T>(work: Promise<T>): Promise<T | "deadline"> {
    return new Promise((resolve, reject) => {
      work.then(resolve, reject);
      this.#ring = () => resolve("deadline");
      if (this.#isOver) this.#ring();
    });
  }
}
