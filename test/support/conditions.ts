/** A text and both sides as a decision sees them, where everything is well: bent by each test. */
import type { TextNumbers } from "../../gateway/decide/facts.ts";
import type { Conditions } from "../../gateway/sides.ts";

export const TEXT: TextNumbers = {
  tokens: 20,
  bytes: 80,
  stickyKey: "caller",
  edgeRunMs: 50,
  location: { country: "DE", isEu: true },
};

export const ORIGIN = {
  name: "default",
  weight: 100,
  breakerAllows: true,
  allowsEarlyTrial: false,
  isFull: false,
  retryAtMs: null,
  longTextsPause: null,
  p95Ms: 100,
};

export const GOOD: Conditions = {
  edge: { model: "ready", breakerAllows: true, maxTokens: 256, packageMaxTokens: 256, queueMs: 0, p95Ms: 60 },
  origins: [ORIGIN],
};
