/** A stage that keeps nothing between code points. */
import type { Stage } from "./stage.ts";

export abstract class PassOn implements Stage {
  protected readonly next: Stage;

  constructor(next: Stage) {
    this.next = next;
  }

  abstract put(codePoint: number): void;

  end(): void {
    this.next.end();
  }

  token(id: number): void {
    this.next.token(id);
  }
}
