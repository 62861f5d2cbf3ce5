/** Who may use the control plane: the holders of the operator's token and of the read-only token. */
import { bearerOf, hasDigest } from "../formats/bearer.ts";
import { addressOf } from "../formats/caller-address.ts";
import { parseOperatorToken } from "../formats/operator-token.ts";
import type { Env, Limiter } from "./ports.ts";

/** The operator may change everything; the reader sees the same and changes nothing. */
export type Role = "operator" | "reader";

/** The access settings of the deployment. */
export type Access =
  /** No token is set, on a developer's machine: its own programs and pages may do everything. */
  | { is: "open" }
  /** SHA-256 of each token, in hex; null for a role without one. */
  | { is: "by-token"; digests: Readonly<Record<Role, string | null>> }
  /** No token can be right; the sentence is for the operator's log. */
  | { is: "misconfigured"; problem: string };

export type AccessVariables = Pick<Env, "OPERATOR_TOKEN" | "READ_ONLY_TOKEN" | "ANONYMOUS_ACCESS" | "FAILED_AUTH">;

/** Reads the access settings. */
export function accessIn({ OPERATOR_TOKEN, READ_ONLY_TOKEN, ANONYMOUS_ACCESS }: AccessVariables): Access {
  const operator = parseOperatorToken(OPERATOR_TOKEN);
  const reader = parseOperatorToken(READ_ONLY_TOKEN, "READ_ONLY_TOKEN");
  for (const token of [operator, reader]) {
    if (token.state === "unusable") return { is: "misconfigured", problem: token.problem };
  }
  if (operator.state === "usable") {
    const digests = { operator: operator.sha256, reader: reader.state === "usable" ? reader.sha256 : null };
    if (digests.operator !== digests.reader) return { is: "by-token", digests };
    return { is: "misconfigured", problem: "READ_ONLY_TOKEN is the same as OPERATOR_TOKEN: create another one" };
  }
  if (ANONYMOUS_ACCESS?.trim() === "allowed" && reader.state === "unset") return { is: "open" };
  return { is: "misconfigured", problem: "OPERATOR_TOKEN is not set: npx wrangler secret put OPERATOR_TOKEN" };
}

/** Whose token it is; null for a wrong one. */
export function roleOf(token: string, digests: Readonly<Record<Role, string | null>>): Role | null {
  const isOf = (role: Role) => {
    const digest = digests[role];
    return digest !== null && hasDigest(token, digest);
  };
  if (isOf("operator")) return "operator";
  return isOf("reader") ? "reader" : null;
}

const LOCAL_HOSTS = ["127.0.0.1", "localhost", "[::1]"];

/**
 * Whether an open control plane may obey a request: one for this machine's name, and from no page of another origin. A page of the web can
 * send requests to a local port, and with a name that resolves to it even read the answers.
 */
export function isOfThisMachine({ url, headers }: Pick<Request, "url" | "headers">): boolean {
  const { hostname, origin } = new URL(url);
  const site = headers.get("sec-fetch-site") ?? "none";
  return (
    LOCAL_HOSTS.includes(hostname) &&
    (headers.get("origin") ?? origin) === origin &&
    ["same-origin", "none"].includes(site)
  );
}

/** The period of the limit in wrangler.toml. */
const LOCKED_MS = 60_000;
const MAX_ADDRESSES = 5000;

/**
 * Refuses an address after too many wrong tokens in a minute, for a minute, whatever it sends. Sessions that have begun continue. Each isolate
 * remembers the addresses that it locked out; the limiter's count is that of the location.
 */
export class LockOut {
  readonly #untilMs = new Map<string, number>();

  /** How long the address stays locked out; 0 if it is not. */
  leftMs(address: string, nowMs: number): number {
    return Math.max(0, (this.#untilMs.get(address) ?? 0) - nowMs);
  }

  /** Counts a wrong token. A limiter that does not answer locks no one out. @returns as `leftMs` */
  async recordFailure(address: string, limiter: Limiter, nowMs: number): Promise<number> {
    const counted = await limiter.limit({ key: `token ${address}` }).catch(() => ({ success: true }));
    if (!counted.success) {
      const [oldest] = this.#untilMs.keys();
      if (this.#untilMs.size >= MAX_ADDRESSES && oldest !== undefined) this.#untilMs.delete(oldest);
      this.#untilMs.set(address, nowMs + LOCKED_MS);
    }
    return this.leftMs(address, nowMs);
  }
}

export type CheckedToken = { is: Role } | { is: "wrong" } | { is: "locked-out"; leftMs: number };

export interface TokenCheck {
  headers: { get(name: string): string | null };
  digests: Readonly<Record<Role, string | null>>;
  limiter: Limiter;
  lockOut: LockOut;
  nowMs: number;
}

/** Compares a token with both, unless its address is locked out. */
export async function checkToken(token: string, check: TokenCheck): Promise<CheckedToken> {
  const { headers, digests, limiter, lockOut, nowMs } = check;
  const address = addressOf(headers);
  const lockedMs = lockOut.leftMs(address, nowMs);
  if (lockedMs > 0) return { is: "locked-out", leftMs: lockedMs };
  const role = roleOf(token, digests);
  if (role !== null) return { is: role };
  const leftMs = await lockOut.recordFailure(address, limiter, nowMs);
  return leftMs > 0 ? { is: "locked-out", leftMs } : { is: "wrong" };
}

/** `anonymous`: the request has no token. `foreign`: an open control plane, asked from elsewhere. */
export type Authorized =
  | CheckedToken
  | { is: "anonymous" }
  | { is: "foreign" }
  | Extract<Access, { is: "misconfigured" }>;

/** Who sends a request, by its bearer token. */
export async function authorize(
  request: Request,
  variables: AccessVariables,
  lockOut: LockOut,
  nowMs: number,
): Promise<Authorized> {
  const access = accessIn(variables);
  if (access.is === "misconfigured") return access;
  if (access.is === "open") return isOfThisMachine(request) ? { is: "operator" } : { is: "foreign" };
  const { headers } = request;
  const sent = bearerOf(headers);
  if (sent === null) return { is: "anonymous" };
  return checkToken(sent, { headers, digests: access.digests, limiter: variables.FAILED_AUTH, lockOut, nowMs });
}
