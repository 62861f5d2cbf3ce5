/** What the attempts for one text share: the first one's span, which later ones link to, their cost, and the arm that they count for. */
import type { Span } from "@opentelemetry/api";
import { costUsd } from "../../formats/ledger/prices.ts";
import type { RecordedArm } from "../../formats/ledger/series.ts";
import type { AttemptKind, AttemptPaid, Report } from "../record/events.ts";

type Payment = Omit<AttemptPaid, "kind" | "arm" | "policyVersion" | "costUsd">;

export class TextAttempts {
  #first: Span | undefined;
  #costUsd = 0;
  #arm: RecordedArm | null = null;
  /** Payments from before the arm was known: a cold isolate counts no tokens. */
  readonly #waiting: Payment[] = [];
  readonly #policyVersion: number;
  readonly #report: Report;

  constructor(policyVersion: number, report: Report) {
    this.#policyVersion = policyVersion;
    this.#report = report;
  }

  /** Of the attempts that have ended, in US dollars. */
  get costUsd(): number {
    return this.#costUsd;
  }

  /** Null until it is known. */
  get arm(): RecordedArm | null {
    return this.#arm;
  }

  begin(span: Span, kind: AttemptKind): void {
    if (kind === "first") {
      this.#first = span;
      return;
    }
    span.setAttribute("spillway.try", kind);
    if (this.#first !== undefined) span.addLink({ context: this.#first.spanContext() });
  }

  /** Counts what an attempt is billed for; reported once the arm is known. */
  pay(payment: Payment): void {
    this.#costUsd += costUsd(payment.billed);
    if (this.#arm === null) this.#waiting.push(payment);
    else this.#reportPayment(payment, this.#arm);
  }

  /** Sets the arm. The first call counts, so all attempts of a text count for one arm. */
  settle(arm: RecordedArm): RecordedArm {
    this.#arm ??= arm;
    for (const payment of this.#waiting.splice(0)) this.#reportPayment(payment, this.#arm);
    return this.#arm;
  }

  #reportPayment(payment: Payment, arm: RecordedArm): void {
    this.#report({
      kind: "attempt-paid",
      ...payment,
      arm,
      policyVersion: this.#policyVersion,
      costUsd: costUsd(payment.billed),
    });
  }
}
