/**
 * The last token of each beginning of a piece, as the piece arrives. What no later character can change is put out, so that the memory is
 * that of the undecided part: six bytes for a character, which are not copied.
 */

/** Places after which to look for a decided part, if no place of the text has decided it. */
const LOOK_EVERY = 1024;
/** A block has 2^10 places. */
const BLOCK_BITS = 10;
const IN_BLOCK = 2 ** BLOCK_BITS - 1;
/** In the length of a token: a path goes through the place where it ends. Only while a decided place is looked for. */
const MARK = 0x8000;

/** @param before the token before it in the piece, or -1 */
export type PutToken = (id: number, before: number) => void;

/** Tokens that may be longer than what has arrived. */
export interface OpenTokens {
  /** The places where they begin, ascending. */
  readonly begins: Int32Array;
  readonly count: number;
}

/** The tokens that end at places in a row. */
interface Block {
  ids: Int32Array;
  lengths: Uint16Array;
}

export class LastTokens {
  /** Places are between characters, counted in the piece. What is before `#decided` was put out. */
  #end = 0;
  #decided = 0;
  /** Of the places after `#base`. */
  readonly #blocks: Block[] = [];
  #base = 0;
  /** A block that is not needed now. */
  #spare: Block | null = null;
  /** The token that ends at `#decided`. */
  #lastId = -1;
  #lastLength = 0;
  #isDecidedMarked = false;
  #lookAt = LOOK_EVERY;
  readonly #put: PutToken;

  /** @param put gets the tokens of all pieces, in order */
  constructor(put: PutToken) {
    this.#put = put;
  }

  get end(): number {
    return this.#end;
  }

  /** The piece has one more character. No token ends behind it yet. */
  advance(): void {
    if ((this.#end - this.#base) >> BLOCK_BITS === this.#blocks.length) {
      const places = IN_BLOCK + 1;
      this.#blocks.push(this.#spare ?? { ids: new Int32Array(places), lengths: new Uint16Array(places) });
      this.#spare = null;
    }
    this.#end++;
    this.set(-1, 0);
  }

  /** Sets the token that ends at the end, in place of another one. @param length less than 2^15 */
  set(id: number, length: number): void {
    this.#setId(this.#end, id);
    this.#setLength(this.#end, length);
  }

  /** The token that ends at a place; -1 at the beginning. @param place that is not before what was decided */
  idAt(place: number): number {
    if (place === this.#decided) return this.#lastId;
    const at = place - this.#base - 1;
    return this.#blocks[at >> BLOCK_BITS]?.ids[at & IN_BLOCK] ?? -1;
  }

  /** The length of that token; 0 if there is none. */
  lengthAt(place: number): number {
    return place === this.#decided ? this.#lastLength : this.#markedLengthAt(place) & ~MARK;
  }

  /** Whether much may be decided, although tokens are open. */
  get isLookDue(): boolean {
    return this.#end >= this.#lookAt;
  }

  /** Puts out what is decided, if much may be. @returns the units of work */
  settle(open: OpenTokens): number {
    if (open.count === 0) {
      this.#decide(this.#end);
      return 1;
    }
    if (!this.isLookDue) return 0;
    const length = this.#end - this.#decided;
    this.#decide(this.#commonTo(open));
    // Twice the undecided part, so that all looks together take linear time.
    this.#lookAt = this.#end + Math.max(LOOK_EVERY, this.#end - this.#decided);
    return length;
  }

  /** The piece is over: puts out the rest. The next piece begins. */
  finish(): void {
    this.#decide(this.#end);
    // An array that is emptied loses its memory: a hundred bytes of garbage for each word.
    if (this.#blocks.length > 1) this.#blocks.length = 1;
    this.#end = 0;
    this.#decided = 0;
    this.#base = 0;
    this.#lastId = -1;
    this.#lastLength = 0;
    this.#lookAt = LOOK_EVERY;
  }

  /** The last place, from `#decided`, that every path goes through. */
  #commonTo({ begins, count }: OpenTokens): number {
    this.#isDecidedMarked = false;
    // No two tokens that are open begin at one place, and none at the end.
    let paths = count + 1;
    for (let index = 0; index < count; index++) this.#mark(begins[index] ?? 0);
    this.#mark(this.#end);
    for (let at = this.#end; at > this.#decided; at--) {
      const length = this.#markedLengthAt(at);
      if ((length & MARK) === 0) continue;
      this.#setLength(at, length & ~MARK);
      if (paths === 1) return at;
      if (this.#mark(at - (length & ~MARK))) paths--;
    }
    return this.#decided;
  }

  /** @returns whether the place was marked before */
  #mark(place: number): boolean {
    if (place === this.#decided) {
      const wasMarked = this.#isDecidedMarked;
      this.#isDecidedMarked = true;
      return wasMarked;
    }
    const length = this.#markedLengthAt(place);
    this.#setLength(place, length | MARK);
    return (length & MARK) !== 0;
  }

  /** Puts out the tokens until a place. */
  #decide(place: number): void {
    if (place === this.#decided) return;
    const lastLength = this.lengthAt(place);
    // The ids in order, without gaps, until the place.
    let first = place;
    for (let at = place; at > this.#decided; at -= this.lengthAt(at)) this.#setId(first--, this.idAt(at));
    while (first < place) {
      const id = this.idAt(++first);
      this.#put(id, this.#lastId);
      this.#lastId = id;
    }
    this.#lastLength = lastLength;
    this.#decided = place;
    const blocks = (place - this.#base) >> BLOCK_BITS;
    if (blocks === 0) return;
    this.#spare ??= this.#blocks[0] ?? null;
    this.#blocks.splice(0, blocks);
    this.#base += blocks << BLOCK_BITS;
  }

  #markedLengthAt(place: number): number {
    const at = place - this.#base - 1;
    return this.#blocks[at >> BLOCK_BITS]?.lengths[at & IN_BLOCK] ?? 0;
  }

  #setId(place: number, id: number): void {
    const at = place - this.#base - 1;
    const block = this.#blocks[at >> BLOCK_BITS];
    if (block !== undefined) block.ids[at & IN_BLOCK] = id;
  }

  #setLength(place: number, length: number): void {
    const at = place - this.#base - 1;
    const block = this.#blocks[at >> BLOCK_BITS];
    if (block !== undefined) block.lengths[at & IN_BLOCK] = length;
  }
}
