/** Texts that tests send, in one place: what is short or long follows the demo model's token limit. */

/** Fits the edge; the demo model says spam. */
export const SHORT = "WIN a free prize now, click here";
/** Too long for the edge; the origin classifies it in several windows. */
export const LONG = "see you at lunch tomorrow ".repeat(200);
