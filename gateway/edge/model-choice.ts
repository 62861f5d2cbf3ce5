/**
 * Which of two packages this isolate runs: the policy's model, or its candidate. It remembers a candidate that did not become ready, so that
 * the isolate tries it once. No I/O, no clock. docs/decisions/040-a-candidate-by-isolate.md
 */
import { isSelected } from "../../policies/candidate.ts";
import type { Policy } from "../../policies/schema.ts";
import type { CandidateStatus } from "../sides.ts";
import type { NotReady } from "./load-state.ts";
import type { WantedPackage } from "./package.ts";

export type ModelPolicy = Pick<Policy, "version" | "model" | "candidate" | "minVersion">;

interface GivenUp {
  result: "rejected" | "unavailable";
  reason: string;
  policyVersion: number;
}

export class ModelChoice {
  /** The package of the deployment, which serves if the policy names none. */
  readonly #deployed: string;
  /** This isolate's number for the share of candidates: 0 to 9,999. */
  readonly #basisPoints: number;
  #policy: ModelPolicy = { version: 0, model: null, candidate: null, minVersion: 0 };
  /** Of the policy's candidate; null while it is not tried, or has not failed. */
  #givenUp: GivenUp | null = null;

  constructor(deployed: string, basisPoints: number) {
    this.#deployed = deployed;
    this.#basisPoints = basisPoints;
  }

  /** The package to run under a policy. A candidate that is no longer tried is forgotten: it may be named again once it was repaired. */
  obey(policy: ModelPolicy): WantedPackage {
    const before = this.#policy;
    this.#policy = policy;
    const isSame =
      before.candidate?.model === policy.candidate?.model &&
      before.model === policy.model &&
      before.minVersion === policy.minVersion;
    if (!isSame || !this.#isSelected()) this.#givenUp = null;
    // What could not be read is tried again under the next version.
    if (this.#givenUp?.result === "unavailable" && this.#givenUp.policyVersion !== policy.version) this.#givenUp = null;
    return this.wanted();
  }

  get policyVersion(): number {
    return this.#policy.version;
  }

  wanted(): WantedPackage {
    const { candidate, minVersion } = this.#policy;
    const incumbent = { modelId: this.#incumbent(), minVersion, labelsOf: null };
    if (candidate === null || !this.#isSelected() || this.#givenUp !== null) return incumbent;
    return { ...incumbent, modelId: candidate.model, labelsOf: incumbent.modelId };
  }

  /**
   * Takes note of a load that did not make a model ready.
   * @returns how the candidate was given up; null if the package was not a candidate, whose load the loader repeats by itself
   */
  notReady({ modelId, labelsOf }: WantedPackage, end: NotReady): CandidateStatus | null {
    const { version, candidate } = this.#policy;
    if (labelsOf === null || candidate?.model !== modelId) return null;
    // The model before ran in this isolate: a full heap or a trap is the candidate's.
    const isRejected = end.kind === "rejected" || end.isEngineFault;
    this.#givenUp = {
      result: isRejected ? "rejected" : "unavailable",
      reason: end.reason,
      policyVersion: version,
    };
    return this.status();
  }

  /** Null if the policy has no candidate. */
  status(): CandidateStatus | null {
    const { candidate } = this.#policy;
    if (candidate === null) return null;
    const { model } = candidate;
    if (this.#givenUp !== null) return { model, state: this.#givenUp.result, reason: this.#givenUp.reason };
    return { model, state: this.#isSelected() ? "selected" : "not-selected", reason: null };
  }

  #isSelected(): boolean {
    const { candidate } = this.#policy;
    return candidate !== null && candidate.model !== this.#incumbent() && isSelected(candidate, this.#basisPoints);
  }

  #incumbent(): string {
    return this.#policy.model ?? this.#deployed;
  }
}
