/** The tokenizer in workerd, against vectors of the reference implementation (Rust, in Python's `tokenizers`). */
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { createTokenizer } from "../../../formats/model-package/tokenizer.ts";
import vectors from "../../vectors/tokenizer.json";

const read = async (path: string) => (await env.FILES.fetch(`http://files/${path}`)).text();

it("returns the reference tokenizer's ids for every golden text", async () => {
  const folder = "models/mail-tagger";
  const tokenizer = createTokenizer(
    await read(`${folder}/tokenizer.json`),
    await read(`${folder}/tokenizer_config.json`),
  );
  expect(vectors.length).toBeGreaterThan(100);
  const wrong = vectors.filter(({ text, ids }) => JSON.stringify(tokenizer.encode(text)) !== JSON.stringify(ids));
  expect(wrong).toEqual([]);
});
