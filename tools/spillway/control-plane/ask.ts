/** One request to the control plane, with the operator's token, and its errors as sentences with the next step. */
import { z } from "zod";

const MAX_WAIT_MS = 60_000;

const errorSchema = z.object({ error: z.string() });

export interface ControlPlane {
  url: URL;
  /** The operator's token; null if none is set. */
  token: string | null;
  /** How long an answer is waited for; by default 60 s. */
  maxWaitMs?: number;
}

export interface Question {
  method: "GET" | "POST" | "PUT";
  path: string;
  query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  body?: unknown;
}

/** The next step where an answer is of another version. */
export const SAME_VERSION = "Run the command and the control plane from the same version of Spillway.";

/**
 * @returns the answer, as the schema reads it
 * @throws Error with one sentence and the next step
 */
export async function askControlPlane<T>(
  controlPlane: ControlPlane,
  question: Question,
  schema: z.ZodType<T>,
): Promise<T> {
  const { url, token, maxWaitMs = MAX_WAIT_MS } = controlPlane;
  const { method, path, query, body } = question;
  const endpoint = new URL(path, url);
  if (query !== undefined) endpoint.search = String(new URLSearchParams(query));
  const response = await fetch(endpoint, {
    method,
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(method !== "GET" && { "content-type": "application/json" }),
    },
    ...(method !== "GET" && { body: JSON.stringify(body ?? {}) }),
    redirect: "manual",
    signal: AbortSignal.timeout(maxWaitMs),
  }).catch((error: unknown) => {
    const next = query === undefined ? "Retry." : "Retry, or ask for a shorter time with --from.";
    throw new Error(
      isTimeout(error) ? `${url.origin} did not answer within ${maxWaitMs / 1000} s. ${next}` : unreachable(url, error),
    );
  });
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) {
    const sentence = errorSchema.safeParse(answer).data?.error ?? "";
    throw new Error(refusedSentence(response.status, sentence, controlPlane, question));
  }
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "the answer" : issue.path.join(".");
  throw new Error(`${url.origin} gives an answer that is not the ${nounOf(path)}'s (${where}). ${SAME_VERSION}`);
}

/** "/v1/rollouts/current/pause" → "rollouts" */
function nounOf(path: string): string {
  return path.split("/")[2] ?? "control plane";
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === "TimeoutError";
}

function unreachable({ origin, hostname }: URL, error: unknown): string {
  const next =
    hostname === "127.0.0.1"
      ? "Start the system with npm start. If it runs with other variables, set SPILLWAY_STATE_DIR or SPILLWAY_CONTROL_PORT as there."
      : "Check the address and the network; npm run deploy deploys the control plane.";
  return `Nothing answers at ${origin} (${causeOf(error)}). ${next}`;
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : null;
  if (cause instanceof Error && "code" in cause) return String(cause.code);
  return "no connection";
}

function refusedSentence(
  status: number,
  sentence: string,
  { url, token }: ControlPlane,
  { method, path }: Question,
): string {
  switch (status) {
    case 401:
    case 403:
      if (status === 403 && sentence !== "") return sentence;
      return token === null
        ? `${url.origin} asks for the operator's token. Set OPERATOR_TOKEN in the environment to it.`
        : `${url.origin} does not accept the token in OPERATOR_TOKEN. Set it to the one of wrangler secret put OPERATOR_TOKEN.`;
    case 404:
    case 405:
      // A thing with a number, such as /v1/rollouts/3.
      if (/\/\d+$/.test(path) && sentence !== "") return sentence;
      return `${url.origin} has no ${method} ${path}: another program or an older version answers there. ${SAME_VERSION}`;
    case 400:
      return `The control plane does not accept the question: ${sentence || "no reason given"}`;
    case 409:
    case 422:
      return sentence || `The control plane refused with ${status}, without a reason. ${SAME_VERSION}`;
    default:
      return `The control plane answered ${status}${sentence === "" ? "." : `: ${sentence}`} Retry; its Worker log has the reason.`;
  }
}
