/** The origins that the policy names, each with its breaker and latency; the deployment's origin if the policy names none. */

import type { FullWindow } from "../../formats/model-package/window-time.ts";
import { DEFAULT_ORIGIN } from "../../policies/names.ts";
import type { Policy } from "../../policies/schema.ts";
import type { Clock } from "../call.ts";
import type { Report } from "../record/events.ts";
import type { Breaker } from "../resilience/breaker/breaker.ts";
import type { Classifier, OriginConditions, OriginStatus, Origins, Side } from "../sides.ts";
import { LambdaOrigin } from "./origin.ts";
import type { SignedFetch } from "./signed-fetch.ts";

export interface OriginAddress {
  url: string;
  region: string;
}

export interface OriginsParts {
  /** Serves if the policy names no origin. */
  deployed: OriginAddress;
  signedFetch(address: OriginAddress): SignedFetch;
  /** Makes a breaker for the origin of this name. */
  breaker(origin: string): Breaker;
  /** Makes one for its long texts only. */
  longTextsBreaker(origin: string): Breaker;
  clock: Clock;
  report: Report;
  edgeClassifier(model: string): Promise<Classifier | null>;
  fullWindow(): FullWindow | null;
}

interface Known {
  address: OriginAddress;
  weight: number;
  origin: LambdaOrigin;
}

/** Stands in for an origin that the policy dropped between the decision and the attempt. */
const gone: Side = {
  attempt: async () => ({ ok: false, failure: { reason: "origin-gone", kind: "failed" } }),
};

export class LambdaOrigins implements Origins {
  #known: ReadonlyMap<string, Known> = new Map();
  readonly #parts: OriginsParts;

  constructor(parts: OriginsParts) {
    this.#parts = parts;
    this.#adopt([[DEFAULT_ORIGIN, { ...parts.deployed, weight: 100 }]]);
  }

  obey(policy: Policy): void {
    const named = Object.entries(policy.origins);
    this.#adopt(named.length > 0 ? named : [[DEFAULT_ORIGIN, { ...this.#parts.deployed, weight: 100 }]]);
    for (const { origin } of this.#known.values()) origin.obey(policy);
  }

  conditions(caller: string | null): OriginConditions[] {
    return [...this.#known].map(([name, { weight, origin }]) => ({ name, weight, ...origin.conditions(caller) }));
  }

  named(name: string): Side {
    return this.#known.get(name)?.origin ?? gone;
  }

  status(): ReadonlyMap<string, OriginStatus> {
    return new Map([...this.#known].map(([name, { origin }]) => [name, origin.status()]));
  }

  /** An origin whose address has not changed keeps its breaker and its latency. */
  #adopt(named: readonly (readonly [string, OriginAddress & { weight: number }])[]): void {
    this.#known = new Map(
      named.map(([name, { url, region, weight }]) => {
        const before = this.#known.get(name);
        const same = before !== undefined && before.address.url === url && before.address.region === region;
        return [name, same ? { ...before, weight } : this.#begin(name, { url, region }, weight)];
      }),
    );
  }

  #begin(name: string, address: OriginAddress, weight: number): Known {
    const { signedFetch, breaker, longTextsBreaker, ...parts } = this.#parts;
    const breakers = { breaker: breaker(name), longTextsBreaker: longTextsBreaker(name) };
    const origin = new LambdaOrigin({ ...parts, ...breakers, name, fetch: signedFetch(address) });
    return { address, weight, origin };
  }
}
