/** Words of more symbols than are merged at once have the tokens of the reference, whatever the merges and their order. */
import { expect, it } from "vitest";
import type { JsonObject } from "../../../../formats/json.ts";
import { seededRandom } from "../../../../tools/seeded-random.ts";
import { compareTokenizers, type TokenizerFiles } from "../../../../tools/tokenizer-check/compare.ts";
import { allFixtures, filesOf, trained } from "./fixtures.ts";

const LETTERS = ["a", "b", "c"];
const MERGES = 40;
const MAX_TOKEN_CHARACTERS = 20;

interface Options {
  prefix: string;
  suffix: string;
  /** Null: the character `x` is left out. */
  unknown: string | null;
  isFused: boolean;
  /** Merges in another order than that in which they need each other, as no training leaves them. */
  isShuffled: boolean;
}

interface Made {
  content: string;
  isInside: boolean;
  isLast: boolean;
}

/** A tokenizer of one word with random merges, and texts for it. */
function generate(seed: number, { prefix, suffix, unknown, isFused, isShuffled }: Options): [TokenizerFiles, string[]] {
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = <T>(list: readonly T[]) => list[below(list.length)];
  const pickToken = (isOne: (token: Made) => boolean) =>
    pick(tokens.filter((token) => isOne(token) && token.content !== unknown));
  const tokens: Made[] = LETTERS.flatMap((letter) =>
    [false, prefix !== ""].flatMap((isInside) =>
      [false, suffix !== ""].map((isLast) => ({
        content: `${isInside ? prefix : ""}${letter}${isLast ? suffix : ""}`,
        isInside,
        isLast,
      })),
    ),
  );
  const merges: [string, string][] = [];
  for (let made = 0; made < MERGES; made++) {
    const left = pickToken(({ isLast }) => !isLast);
    const right = pickToken(({ isInside }) => isInside === (prefix !== ""));
    if (left === undefined || right === undefined) continue;
    const content = left.content + right.content.slice(prefix.length);
    if (content.length > MAX_TOKEN_CHARACTERS) continue;
    merges.push([left.content, right.content]);
    tokens.push({ content, isInside: left.isInside, isLast: right.isLast });
  }
  const contents = [...new Set([...tokens.map(({ content }) => content), ...(unknown === null ? [] : [unknown])])];
  const model: JsonObject = {
    type: "BPE",
    vocab: Object.fromEntries(contents.map((content, id) => [content, id])),
    merges: isShuffled ? merges.toSorted(() => random() - 0.5) : merges,
    unk_token: unknown,
    fuse_unk: isFused,
    continuing_subword_prefix: prefix === "" ? null : prefix,
    end_of_word_suffix: suffix === "" ? null : suffix,
  };
  const none = { added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };
  const characters = [...LETTERS, ...LETTERS, "x"];
  const text = (length: number, alphabet: readonly string[]) => Array.from({ length }, () => pick(alphabet)).join("");
  const texts = [
    text(900, LETTERS),
    text(700, LETTERS.slice(0, 1)) + text(3, LETTERS),
    text(1300, characters),
    `x${text(1 + below(9), LETTERS).repeat(300)}${text(2, LETTERS)}`,
    text(3, LETTERS) + text(4, characters).repeat(200),
  ];
  return [filesOf("bpe-suffix", { ...none, model }), texts];
}

const usual: Options = { prefix: "", suffix: "", unknown: null, isFused: false, isShuffled: false };

it.each<[string, Options]>([
  ["merges in their order", usual],
  ["merges in any order", { ...usual, isShuffled: true }],
  ["unknown characters", { ...usual, unknown: "<unk>", isShuffled: true }],
  ["unknown characters, fused", { ...usual, unknown: "<unk>", isFused: true }],
  ["the unknown token is also made by merges", { ...usual, unknown: "ab", isShuffled: true }],
  ["a suffix", { ...usual, suffix: "</w>", unknown: "<unk>" }],
  ["a prefix", { ...usual, prefix: "##", isShuffled: true }],
  ["a prefix and a suffix", { ...usual, prefix: "##", suffix: "</w>", isShuffled: true }],
])("%s", async (_, options) => {
  for (let seed = 1; seed <= 25; seed++) {
    const [files, texts] = generate(seed, options);
    expect(await compareTokenizers(files, texts), `seed ${seed}`).toEqual([]);
  }
});

it.each(allFixtures().filter(([name]) => name.includes("BPE")))(
  "%s: tokens in a row, without spaces",
  async (_, files) => {
    const random = seededRandom(7);
    const model = Object(trained("bpe-bytelevel")["model"]) as { vocab: JsonObject };
    const words = Object.keys(model.vocab).map((token) => token.replaceAll(/[^a-zA-Z=.*#-]/g, ""));
    const text = (length: number) => Array.from({ length }, () => words[Math.floor(random() * words.length)]).join("");
    const texts = [text(2000), text(9).repeat(200), `${"-".repeat(999)}=${"-".repeat(1001)}`, "=-".repeat(1500)];
    expect(await compareTokenizers(files, texts)).toEqual([]);
  },
);
