/** Pure. Which requests are sent, and when: arrivals at random, mostly short texts, some long ones, a few lists, a few mistakes. */
import { seededRandom } from "../seeded-random.ts";

export interface Mix {
  /** Requests per second, on average. */
  rate: number;
  /** Share of texts that are too long for the edge. */
  longPercent: number;
  durationMs: number;
  callers: number;
  seed: number;
}

export interface ScheduledRequest {
  /** From the start. */
  atMs: number;
  /** A few callers send most of the requests. */
  caller: string;
  body: string;
}

/** Of all requests. */
const LIST_SHARE = 0.05;
const MISTAKE_SHARE = 0.01;
const MAX_LIST = 4;
/** A sentence has about 15 tokens: 1 to 6 fit at the edge of every package, 60 and more at none. */
const SHORT_SENTENCES = { min: 1, max: 6 };
const LONG_SENTENCES = { min: 60, max: 200 };

const SUBJECTS = [
  "The report",
  "Your invoice",
  "The meeting",
  "A free prize",
  "The contract",
  "Our offer",
  "The server",
];
const STATES = ["is attached", "was moved to Thursday", "waits for your answer", "expires today", "needs a review"];
const ENDINGS = [
  "as promised.",
  "please click here now!",
  "thanks, Anna.",
  "see you at lunch.",
  "reply with your account number.",
];

/** @returns the requests in the order of their times; the same for the same mix */
export function* schedule({ rate, longPercent, durationMs, callers, seed }: Mix): Generator<ScheduledRequest> {
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = (words: readonly string[]) => words[below(words.length)] ?? "";
  const sentence = () => `${oneOf(SUBJECTS)} ${below(1000)} ${oneOf(STATES)}, ${oneOf(ENDINGS)}`;
  const text = () => {
    const { min, max } = random() * 100 < longPercent ? LONG_SENTENCES : SHORT_SENTENCES;
    return Array.from({ length: min + below(max - min + 1) }, sentence).join(" ");
  };
  const inputs = () => {
    const kind = random();
    // What a client with a mistake sends: an empty text, refused with 422.
    if (kind < MISTAKE_SHARE) return "";
    return kind < MISTAKE_SHARE + LIST_SHARE ? Array.from({ length: 2 + below(MAX_LIST - 1) }, text) : text();
  };
  // Times between arrivals of independent callers are exponential.
  const nextGapMs = () => (-Math.log(1 - random()) / rate) * 1000;
  for (let atMs = nextGapMs(); atMs < durationMs; atMs += nextGapMs()) {
    // The square makes the first callers the most frequent ones.
    const caller = `caller-${1 + Math.floor(random() ** 2 * callers)}`;
    yield { atMs, caller, body: JSON.stringify({ inputs: inputs() }) };
  }
}
