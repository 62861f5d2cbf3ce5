/** Reads an origin's answer as far as an answer can go: whoever stands there must not be able to fill the isolate. */

/** 64 windows of 1,024 labels, with room to spare. */
export const ANSWER_MAX_BYTES = 2 * 1_048_576;

/** Null for what is longer; the rest is not waited for. */
export async function readAnswer({ body }: Response): Promise<string | null> {
  if (body === null) return "";
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let sizeBytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    sizeBytes += value.byteLength;
    if (sizeBytes > ANSWER_MAX_BYTES) {
      // A sender that is gone already is nothing new.
      await reader.cancel().catch(() => {});
      return null;
    }
    text += decoder.decode(value, { stream: true });
  }
}
