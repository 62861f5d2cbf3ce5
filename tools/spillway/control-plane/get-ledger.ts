/** Asks the control plane for the counts of a time range. */
import { z } from "zod";
import type { LedgerAnswer } from "../../../formats/ledger/answer.ts";

const MAX_WAIT_MS = 60_000;

const answerSchema = z.object({
  fromMs: z.number(),
  toMs: z.number(),
  firstMs: z.number().nullable(),
  cells: z.string(),
  days: z.array(z.object({ startMs: z.number(), cells: z.string() })),
  isolates: z.array(
    z.object({
      isolate: z.string(),
      shard: z.string(),
      seenMs: z.number(),
      colo: z.string(),
      policy: z.number(),
      model: z.string(),
      candidate: z
        .object({ model: z.string(), state: z.string(), reason: z.string().nullable() })
        .nullable()
        .default(null),
      edgeState: z.string(),
      breakers: z.record(z.string(), z.string()),
      queuedTexts: z.number(),
    }),
  ),
});

const errorSchema = z.object({ error: z.string() });

export interface LedgerQuestion {
  url: URL;
  fromMs: number;
  toMs: number;
  /** The operator's token; null if none is set. */
  token: string | null;
  /** How long an answer is waited for; by default 60 s. */
  maxWaitMs?: number;
}

/** The next step where an answer is of another version. */
export const SAME_VERSION = "Run the command and the control plane from the same version of Spillway.";

/** @throws Error with one sentence and the next step */
export async function getLedger(question: LedgerQuestion): Promise<LedgerAnswer> {
  const { url, fromMs, toMs, token, maxWaitMs = MAX_WAIT_MS } = question;
  const endpoint = new URL("/v1/ledger", url);
  endpoint.search = String(new URLSearchParams({ from: String(fromMs), to: String(toMs) }));
  const headers = token === null ? undefined : { authorization: `Bearer ${token}` };
  const request = {
    ...(headers !== undefined && { headers }),
    redirect: "manual",
    signal: AbortSignal.timeout(maxWaitMs),
  } as const;
  const response = await fetch(endpoint, request).catch((error: unknown) => {
    throw new Error(unreachable(url, error, maxWaitMs));
  });
  const body: unknown = await response.json().catch(() => null);
  if (response.status !== 200) throw new Error(refused(response.status, body, question));
  const parsed = answerSchema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "the answer" : issue.path.join(".");
  throw new Error(`${url.origin} gives an answer that is not the ledger's (${where}). ${SAME_VERSION}`);
}

function unreachable({ origin, hostname }: URL, error: unknown, maxWaitMs: number): string {
  if (error instanceof Error && error.name === "TimeoutError") {
    return `${origin} did not answer within ${maxWaitMs / 1000} s. Retry, or ask for a shorter time with --from.`;
  }
  const next =
    hostname === "127.0.0.1"
      ? "Start the system with npm start, or set SPILLWAY_CONTROL_PORT to the control plane's port."
      : "Check the address and the network; npm run deploy deploys the control plane.";
  return `Nothing answers at ${origin} (${causeOf(error)}). ${next}`;
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : null;
  if (cause instanceof Error && "code" in cause) return String(cause.code);
  return "no connection";
}

function refused(status: number, body: unknown, { url, token }: LedgerQuestion): string {
  const sentence = errorSchema.safeParse(body).data?.error ?? "";
  switch (status) {
    case 401:
    case 403:
      return token === null
        ? `${url.origin} asks for the operator's token. Set OPERATOR_TOKEN in the environment to it.`
        : `${url.origin} does not accept the token in OPERATOR_TOKEN. Set it to the one of wrangler secret put OPERATOR_TOKEN.`;
    case 404:
    case 405:
      return `${url.origin} has no GET /v1/ledger: another program or an older version answers there. ${SAME_VERSION}`;
    case 400:
      return `The control plane does not accept the question: ${sentence || "no reason given"}`;
    default:
      return `The control plane answered ${status}${sentence === "" ? "." : `: ${sentence}`} Retry; its Worker log has the reason.`;
  }
}
