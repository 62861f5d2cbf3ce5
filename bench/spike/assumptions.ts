/** What the simulation takes for granted of texts, of the machine and of the origin, and where each number comes from. */

export const ASSUMPTIONS = {
  /**
   * Messages of 70 words or so. A choice, made so that 95 % fit the default policy's 256 tokens: the part that the published
   * experience in design.md has at the edge.
   */
  tokens: { median: 96, sigma: 0.6, min: 3 },
  /** Of a run's time around the package's own model, mean 1. A choice: two runs in three within 15 %. */
  runNoiseSigma: 0.15,
  origin: {
    /**
     * Of a warm call, in ms. The median: this model is a sixth of DistilBERT, which takes 160 to 220 ms in native FP32
     * (platform-facts.md), and a network is in between. The sigma: the published mean of 650 and P95 of 1200 ms (design.md).
     */
    warmMs: { median: 60, sigma: 0.43 },
    /** AWS: "cold starts typically occur in under 1% of invocations" (Operating Lambda: performance optimization, part 1). */
    coldPercent: 1,
    /** What a cold start adds, evenly spread; "up to 4 s" in design.md. */
    coldMs: { min: 1000, max: 4000 },
  },
} as const;
