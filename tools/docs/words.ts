/**
 * The words that no sentence of Spillway uses, and the names that no identifier or file has. `docs/writing.md` explains them;
 * `test/docs/plain-english.test.ts` fails on them.
 */

export interface Avoided {
  /** Matched in sentences: comments, strings, pages, `--help`. */
  pattern: RegExp;
  /** What to write in its place. */
  instead: string;
  /** Reviewed uses that are plain English. A match that lies within one of these is not reported. */
  except?: RegExp;
}

export const AVOIDED_PHRASES: readonly Avoided[] = [
  { pattern: /\bnobody\b/gi, instead: "no one, or the actor by name" },
  { pattern: /\b(some|every|any)body\b/gi, instead: "anyone who, each caller, every operator" },
  { pattern: /\bwhoever\b/gi, instead: "anyone who, or the actor by name" },
  { pattern: /\bmend(s|ed|ing)?\b/gi, instead: "fix" },
  { pattern: /\b(told|tells)\b/gi, instead: "reports, shows, receives" },
  { pattern: /\bsays\b/gi, instead: "reports, states, shows, means", except: /`says`|\bsays hi\b/gi },
  { pattern: /\btaken\b/gi, instead: "accepted, used, read", except: /\btaken from\b/gi },
  { pattern: /\b(go|goes|going|went) on\b/gi, instead: "continue" },
  { pattern: /\bso long\b/gi, instead: "while, until, as long" },
  { pattern: /\bof (its|their|our) own\b/gi, instead: "its own …, separate, another" },
  { pattern: /\bfit to\b/gi, instead: "ready to, can" },
  { pattern: /\b(let|lets|letting) in\b/gi, instead: "accept, authenticate" },
  { pattern: /\balone\b/gi, instead: "only" },
  { pattern: /\bsecond (try|tries)\b/gi, instead: "fallback, hedge, second attempt" },
  { pattern: /\bother (try|tries)\b/gi, instead: "fallback, hedge" },
];

/** A word of an identifier or of a file's name: `editDesk`, `policy-desk.ts`. */
export const AVOIDED_NAME_PARTS: readonly string[] = [
  "desk",
  "fate",
  "hindrance",
  "breathe",
  "passage",
  "happenings",
  "nobody",
  "whoever",
];

/** A whole identifier or file name. */
export const AVOIDED_NAMES: readonly string[] = [
  "giveUp",
  "carrier",
  "experience",
  "said",
  "saidShape",
  "dead",
  "exact",
  "ways",
  "panel",
  "door",
];
