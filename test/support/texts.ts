/** Texts that tests send, in one place. Which of them is short or long follows the token limit of the demo model. */

/** Fits the edge. The demo model classifies it as spam. */
export const SHORT = "WIN a free prize now, click here";
/** Fits the edge. The demo model classifies it as ham. */
export const HAM = "see you at lunch";
/** Too long for the edge. The origin classifies it in several windows, as ham. */
export const LONG = "see you at lunch tomorrow ".repeat(200);
/** Part of a caller's text. It must be in no trace, log or metric, and in no refusal. */
export const CANARY = "canaryquetzal7f3b";
