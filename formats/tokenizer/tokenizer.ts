/** The port: text in, token ids out, in steps that hold the thread for a few milliseconds each. */
import type { Busy, Model, Output, Stage } from "./core/stage.ts";
import type { Part, Template } from "./template.ts";

/** Units of work in a step. A unit takes 10 to 50 ns. */
const MAX_STEP_UNITS = 16_384;
/** Of a character outside ASCII: its classes are looked up in tables, and some have parts or small letters. */
const OTHER_SCRIPT_UNITS = 6;
/** Of a character outside the Basic Multilingual Plane: its place in each table is looked for among more of them. Measured: twice as long. */
const RARE_SCRIPT_UNITS = 12;
/** Code points between two looks at what is certain about the piece that is not over. */
const LOOK_EVERY = 256;
const REPLACEMENT_CHARACTER = 0xfffd;

export interface TextPair {
  text: string;
  textPair: string;
}

/** What is classified: a text, or a pair that the model reads as one. */
export type TextOrPair = string | TextPair;

export interface Tokens {
  kind: "tokens";
  ids: number[];
  /** As many as ids; all 0 for most models' single texts. */
  typeIds: number[];
}

/** The text has more tokens than were asked for. Tokenizing stopped when that was certain. */
export interface TooManyTokens {
  kind: "too-many";
  /** It has at least as many, special tokens included. */
  atLeast: number;
}

export type Encoded = Tokens | TooManyTokens;

/** A text that is being tokenized. It keeps nothing once it is dropped. */
export interface Encoding {
  /**
   * Does a step. A text of a few thousand characters is one step.
   * @returns null if more steps are left: let others have the thread, and call again
   * @throws TextError if the text is one that is not tokenized, such as one of a thousand accents on a letter
   */
  next(): Encoded | null;
}

export interface TextTokenizer {
  /**
   * Begins to tokenize. The result has at most `maxTokens` tokens, special tokens included.
   * @throws Error for a pair, if the tokenizer has no form for two texts
   */
  encode(input: TextOrPair, maxTokens: number): Encoding;
  /** As `encode`, of one text and without special tokens. */
  encodeContent(text: string, maxTokens: number): Encoding;
  /** The special tokens around a single text. */
  readonly frame: Readonly<Frame>;
  /** The token types of a framed text with this many tokens between the special ones. */
  framedTypeIds(contentTokens: number): number[];
  /** How many special tokens `encode` adds. */
  specialTokensOf(input: TextOrPair): number;
  /** Whether the tokenizer has a form for two texts. */
  readonly acceptsPairs: boolean;
  /** Memory of the vocabulary. */
  readonly vocabularyBytes: number;
}

export interface Frame {
  before: readonly number[];
  after: readonly number[];
}

interface Stages {
  /** The first and the last. */
  head: Stage;
  model: Model;
  /** Those between that may be busy, the last one first. */
  busy: readonly Busy[];
}

export interface TokenizerParts {
  /** Makes the stages for one text. */
  makeStages(output: Output): Stages;
  template: Template;
  vocabularyBytes: number;
}

export function makeTokenizer({ makeStages, template, vocabularyBytes }: TokenizerParts): TextTokenizer {
  const content: readonly Part[] = [{ text: 0, typeId: 0 }];
  const partsFor = (input: TextOrPair): readonly Part[] => {
    const parts = typeof input === "string" ? template.single : template.pair;
    if (parts === null) throw new Error("the tokenizer has no form for two texts");
    return parts;
  };
  return {
    encode(input, maxTokens) {
      const texts = typeof input === "string" ? [input] : [input.text, input.textPair];
      return new TextEncoding(makeStages, texts, { parts: partsFor(input), maxTokens });
    },
    encodeContent: (text, maxTokens) => new TextEncoding(makeStages, [text], { parts: content, maxTokens }),
    frame: frameOf(template.single),
    framedTypeIds: (contentTokens) =>
      template.single.flatMap((part) => repeated(part.typeId, "ids" in part ? part.ids.length : contentTokens)),
    specialTokensOf: (input) => specialTokensIn(partsFor(input)),
    acceptsPairs: template.pair !== null,
    vocabularyBytes,
  };
}

function repeated(value: number, count: number): number[] {
  return new Array<number>(count).fill(value);
}

function specialTokensIn(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + ("ids" in part ? part.ids.length : 0), 0);
}

function frameOf(single: readonly Part[]): Frame {
  const at = single.findIndex((part) => "text" in part);
  const idsOf = (parts: readonly Part[]) => parts.flatMap((part) => ("ids" in part ? part.ids : []));
  return { before: idsOf(single.slice(0, at)), after: idsOf(single.slice(at + 1)) };
}

interface Wanted {
  parts: readonly Part[];
  maxTokens: number;
}

class TextEncoding implements Encoding {
  readonly #makeStages: TokenizerParts["makeStages"];
  readonly #texts: readonly string[];
  readonly #wanted: Wanted;
  readonly #specialTokens: number;
  /** Ids of the texts before the current one. */
  readonly #done: number[][] = [];
  #doneTokens = 0;
  #output: Output = { ids: [], workUnits: 0 };
  #stages: Stages | null = null;
  #at = 0;
  #isEnded = false;

  constructor(makeStages: TokenizerParts["makeStages"], texts: readonly string[], wanted: Wanted) {
    this.#makeStages = makeStages;
    this.#texts = texts;
    this.#wanted = wanted;
    this.#specialTokens = specialTokensIn(wanted.parts);
  }

  next(): Encoded | null {
    this.#output.workUnits = 0;
    for (;;) {
      const text = this.#texts[this.#done.length];
      if (text === undefined) return this.#frame();
      this.#stages ??= this.#makeStages(this.#output);
      const atLeast = this.#tokens() + this.#stages.model.certainTokens();
      if (atLeast > this.#wanted.maxTokens) return { kind: "too-many", atLeast };
      if (this.#output.workUnits >= MAX_STEP_UNITS) return null;
      const busy = this.#stages.busy.find(({ isBusy }) => isBusy);
      if (busy !== undefined) this.#passOn(busy);
      else if (this.#at < text.length) this.#feed(text, this.#stages);
      else if (!this.#isEnded) {
        this.#stages.head.end();
        this.#isEnded = true;
      } else this.#endText();
    }
  }

  #passOn(busy: Busy): void {
    // Not in one expression: the stages behind it count their work meanwhile.
    const units = busy.work();
    this.#output.workUnits += units;
  }

  #feed(text: string, { head, busy }: Stages): void {
    const { ids } = this.#output;
    const enough = this.#wanted.maxTokens - this.#specialTokens - this.#doneTokens;
    const end = Math.min(text.length, this.#at + LOOK_EVERY);
    while (this.#at < end && ids.length <= enough && this.#output.workUnits < MAX_STEP_UNITS) {
      const unit = text.charCodeAt(this.#at);
      // A lone surrogate is no character. The reference cannot be given one.
      const codePoint = unit < 0xd800 || unit > 0xdfff ? unit : (text.codePointAt(this.#at) ?? 0);
      head.put(codePoint >= 0xd800 && codePoint <= 0xdfff ? REPLACEMENT_CHARACTER : codePoint);
      this.#at += codePoint > 0xffff ? 2 : 1;
      this.#output.workUnits += codePoint < 0x80 ? 1 : codePoint <= 0xffff ? OTHER_SCRIPT_UNITS : RARE_SCRIPT_UNITS;
      // An iterator for each character would be 100 MiB of garbage for a megabyte.
      for (let index = 0; index < busy.length; index++) if (busy[index]?.isBusy) return;
    }
  }

  #tokens(): number {
    return this.#specialTokens + this.#doneTokens + this.#output.ids.length;
  }

  #endText(): void {
    this.#doneTokens += this.#output.ids.length;
    this.#done.push(this.#output.ids);
    this.#output = { ids: [], workUnits: this.#output.workUnits };
    this.#stages = null;
    this.#at = 0;
    this.#isEnded = false;
  }

  #frame(): Encoded {
    const { parts, maxTokens } = this.#wanted;
    const atLeast = this.#tokens();
    if (atLeast > maxTokens) return { kind: "too-many", atLeast };
    // Arrays that grow would be copied several times.
    const ids = new Array<number>(atLeast);
    const typeIds = new Array<number>(atLeast);
    let at = 0;
    for (const part of parts) {
      for (const id of "ids" in part ? part.ids : (this.#done[part.text] ?? [])) {
        ids[at] = id;
        typeIds[at++] = part.typeId;
      }
    }
    return { kind: "tokens", ids, typeIds };
  }
}
