/** Reads the values of explain's options; what is not allowed is told in a sentence that says what is. */
import { InvalidArgumentError } from "commander";
import { parsePolicy } from "../../../policies/parse.ts";

export type BreakerState = "closed" | "open";

/** For the origin of that name; for all that are not named where it is null. */
export interface ForOrigin<T> {
  name: string | null;
  value: T;
}

export function milliseconds(value: string): number {
  const parsed = Number(value);
  if (/^\d+(\.\d+)?$/.test(value)) return parsed;
  throw new InvalidArgumentError("It must be a number of milliseconds from 0 up, as in 120.");
}

/** As a policy takes it. */
export function share(value: string): number {
  const parsed = Number(value);
  const isNumber = value.trim() !== "" && Number.isFinite(parsed);
  if (isNumber && parsePolicy(JSON.stringify({ edge: { share: parsed } })).ok) return parsed;
  throw new InvalidArgumentError("It must be a percentage from 0 to 100 with at most two decimals, as in 12.5.");
}

/** A code as Cloudflare gives it in `request.cf.country`. */
export function country(value: string): string {
  const code = value.toUpperCase();
  if (code === "EU") throw new InvalidArgumentError("The EU is no country; name one of its members, as in DE.");
  if (/^[A-Z]{2}$/.test(code) || code === "T1") return code;
  throw new InvalidArgumentError("It must be a two-letter country code, as in DE; T1 is Tor, XX is unknown.");
}

export function text(value: string): string {
  if (value.trim() !== "") return value;
  throw new InvalidArgumentError("It must not be empty: the gateway refuses an empty text with 422.");
}

/** Collects into headers as a request has them. */
export function header(value: string, before = new Headers()): Headers {
  const at = value.indexOf("=");
  const headers = new Headers(before);
  try {
    headers.append(value.slice(0, Math.max(0, at)), value.slice(at + 1));
    return headers;
  } catch {
    throw new InvalidArgumentError("It must be a header's name and value, as in x-tenant=acme.");
  }
}

export function breakerOf(value: string, before: readonly ForOrigin<BreakerState>[] = []): ForOrigin<BreakerState>[] {
  const { name, rest } = nameAndRest(value);
  if (rest === "closed" || rest === "open") return [...before, { name, value: rest }];
  throw new InvalidArgumentError("It must be closed or open, for one origin as in us-east-1=open.");
}

export function p95Of(value: string, before: readonly ForOrigin<number>[] = []): ForOrigin<number>[] {
  const { name, rest } = nameAndRest(value);
  try {
    return [...before, { name, value: milliseconds(rest) }];
  } catch {
    throw new InvalidArgumentError("It must be a number of milliseconds, for one origin as in us-east-1=120.");
  }
}

function nameAndRest(value: string): { name: string | null; rest: string } {
  const at = value.indexOf("=");
  return at === -1 ? { name: null, rest: value } : { name: value.slice(0, at), rest: value.slice(at + 1) };
}
