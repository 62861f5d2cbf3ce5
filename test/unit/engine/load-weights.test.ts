/** A weights file that is not exactly what the packer wrote is refused with one sentence, and the engine stays usable. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEngine } from "../../../engine/create-engine.ts";
import { runToEnd } from "../../../engine/encoder/encoder.ts";
import { type Architecture, SIZE_NAMES } from "../../../engine/format/architecture.ts";
import { checksumOf } from "../../../engine/format/checksum.ts";
import { decodeHeader, encodeHeader } from "../../../engine/format/header.ts";
import { quantizeEncoder } from "../../../engine/pack/quantize-encoder.ts";
import { writeWeights } from "../../../engine/pack/write-weights.ts";
import { randomEncoder } from "../../../engine/sample/random-encoder.ts";
import { WeightsError } from "../../../engine/weights-error.ts";
import { engineModule, loadFile, SMALL } from "../../support/engine.ts";

const weights = randomEncoder(SMALL, { seed: 1 });
const { bytes: file } = writeWeights(quantizeEncoder(weights));
const header = decodeHeader(file);
const text = { ids: [1, 5, 9, 150, 2] };
const expected = runToEnd(loadFile(file, 64).run([text]));

/** The sentence with which a file is refused. */
function refusal(bytes: Uint8Array): string {
  try {
    loadFile(bytes, 64);
  } catch (error) {
    if (error instanceof WeightsError) return error.message;
    throw error;
  }
  return "";
}

/** The valid file, changed in one way. */
function changed(change: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = file.slice();
  change(bytes);
  return bytes;
}

const ONE_SENTENCE = /^[A-Z][^.]*(\.\d[^.]*)*\.( Pack the model again\.)?$/;

/** Writes the header's own checksum again, as a wrong packer would. */
function withHeaderChecksum(bytes: Uint8Array): void {
  bytes.fill(0, 20, 24);
  new DataView(bytes.buffer).setUint32(20, checksumOf(bytes.subarray(0, header.headerBytes)), true);
}

describe("the file", () => {
  it("loads in chunks of any size, with the same logits", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 8 }), (sizes) => {
        const loading = createEngine(engineModule).load({ maxTokens: 64 });
        let at = 0;
        for (const size of [...sizes, file.length]) {
          loading.write(file.subarray(at, at + size));
          at = Math.min(file.length, at + size);
        }
        expect(runToEnd(loading.finish().run([text]))).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  it("loads byte by byte through its header", () => {
    const loading = createEngine(engineModule).load({ maxTokens: 64 });
    for (let at = 0; at < header.headerBytes + 300; at++) loading.write(file.subarray(at, at + 1));
    loading.write(file.subarray(header.headerBytes + 300));
    expect(runToEnd(loading.finish().run([text]))).toEqual(expected);
  });

  it("has a size that its header gives", () => {
    expect(header.fileBytes).toBe(file.length);
    expect(header.architecture).toEqual({ ...SMALL, epsilon: Math.fround(SMALL.epsilon) });
  });

  it("reads a header from Node's Buffer without changing it", () => {
    const buffer = Buffer.from(file);
    expect(decodeHeader(buffer)).toEqual(header);
    expect(buffer.equals(file)).toBe(true);
  });
});

describe("refused with one sentence is a file", () => {
  it("that ends anywhere too early", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: file.length - 1 }), (length) => {
        expect(refusal(file.subarray(0, length))).toMatch(
          /^The weights file ends (after \d+ of \d+ bytes|within its header, after \d+ bytes)\.$/,
        );
      }),
      { numRuns: 40 },
    );
  });

  it("with any bit flipped", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: file.length - 1 }), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const bytes = changed((all) => {
          all[at] = (all[at] ?? 0) ^ (1 << bit);
        });
        expect(refusal(bytes)).toMatch(ONE_SENTENCE);
      }),
      { numRuns: 150 },
    );
  });

  it("with any bit of its header flipped", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: header.headerBytes * 8 - 1 }), (bit) => {
        const bytes = changed((all) => {
          all[bit >> 3] = (all[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        });
        expect(refusal(bytes)).toMatch(ONE_SENTENCE);
      }),
      { numRuns: 300 },
    );
  });

  it("with two blocks of 64 bytes exchanged", () => {
    const blocks = (file.length - header.headerBytes) / 64;
    fc.assert(
      fc.property(fc.nat(blocks - 1), fc.nat(blocks - 1), (a, b) => {
        const [from, to] = [header.headerBytes + a * 64, header.headerBytes + b * 64];
        const bytes = changed((all) => {
          const block = all.slice(from, from + 64);
          all.copyWithin(from, to, to + 64);
          all.set(block, to);
        });
        fc.pre(Buffer.compare(bytes, file) !== 0);
        expect(refusal(bytes)).toMatch(
          /^The weights file (is damaged: the checksum of its section|breaks the lane bound)/,
        );
      }),
      { numRuns: 60 },
    );
  });

  it("with two sections of the same size exchanged", () => {
    const [first, second] = header.sections.filter(({ kind }) => kind === "contract");
    const range = (offset = 0) => header.headerBytes + offset;
    const bytes = changed((all) => {
      const one = all.slice(range(first?.offset), range(first?.offset) + (first?.bytes ?? 0));
      const two = all.slice(range(second?.offset), range(second?.offset) + (second?.bytes ?? 0));
      all.set(one, range(second?.offset));
      all.set(two, range(first?.offset));
    });
    expect(refusal(bytes)).toBe(
      'The weights file is damaged: the checksum of its section "contract of layer 1" is wrong.',
    );
  });

  it.each([
    [
      "of another kind",
      changed((all) => all.fill(0x50, 0, 4)),
      "This is not a weights file of the engine: it does not begin with ENCODER.",
    ],
    [
      "of another version",
      changed((all) => all.fill(2, 8, 9)),
      "The weights file has format version 2; this engine reads version 1. Pack the model again.",
    ],
    [
      "that is too long",
      Uint8Array.from({ length: file.length + 1 }, (_, at) => file[at] ?? 0),
      `The weights file is longer than the ${file.length} bytes that its header gives.`,
    ],
    [
      "whose header lists sections in another order",
      changed((all) => {
        const entry = all.slice(128, 144);
        all.copyWithin(128, 144, 160);
        all.set(entry, 144);
        withHeaderChecksum(all);
      }),
      "The weights file's header is damaged: section 1 is not the one that the architecture needs, words.",
    ],
    [
      "whose sizes are not its sections'",
      changed((all) => {
        new DataView(all.buffer).setUint32(32 + 4 * SIZE_NAMES.indexOf("feedForward"), SMALL.feedForward + 16, true);
        withHeaderChecksum(all);
      }),
      "The weights file's header is damaged: section 11 is not the one that the architecture needs, expand of layer 1.",
    ],
    [
      "of an architecture that the engine cannot run, though every checksum is right",
      changed((all) => {
        new DataView(all.buffer).setUint32(32 + 4 * SIZE_NAMES.indexOf("width"), 60, true);
        withHeaderChecksum(all);
      }),
      "The engine cannot run this model: width is 60, and it must be a multiple of 8.",
    ],
    [
      "of an activation that the engine does not know",
      changed((all) => {
        new DataView(all.buffer).setUint32(76, 9, true);
        withHeaderChecksum(all);
      }),
      "The weights file's header is damaged: activation 9 is unknown.",
    ],
    [
      "whose header states neither that layers share their weights nor that they do not",
      changed((all) => {
        new DataView(all.buffer).setUint32(88, 2, true);
        withHeaderChecksum(all);
      }),
      "The weights file's header is damaged: 2 stands where 1 or 0 states whether layers share their weights.",
    ],
    [
      "whose header states a lane sum above the bound",
      changed((all) => {
        new DataView(all.buffer).setUint32(24, 259, true);
        withHeaderChecksum(all);
      }),
      "The weights file breaks the lane bound: weights of one sign sum to 259 in a lane, allowed are 258. Pack the model again.",
    ],
  ])("%s", (_name, bytes, sentence) => {
    expect(refusal(bytes)).toBe(sentence);
  });

  it("whose weights break the lane bound, though every checksum is right", () => {
    const section = header.sections.findIndex(({ kind }) => kind === "expand");
    const { offset = 0, bytes: length = 0 } = header.sections[section] ?? {};
    const at = header.headerBytes + offset;
    const bytes = changed((all) => {
      all.fill(127, at, at + 128);
      const checksums = header.checksums.with(section, checksumOf(all.subarray(at, at + length)));
      all.set(encodeHeader(SMALL, checksums, header.largestLaneSum));
    });
    expect(refusal(bytes)).toMatch(
      /^The weights file breaks the lane bound: weights of one sign sum to 1016 in a lane/,
    );
  });

  it("of an architecture that the engine cannot run", () => {
    const wrong: [Partial<Architecture>, RegExp][] = [
      [{ width: 60, embeddingWidth: 60 }, /width is 60, and it must be a multiple of 8/i],
      [{ layers: 0 }, /layers is 0, allowed are 1 to 48/],
      [{ activation: "tanh" }, /the activation is tanh, allowed are gelu-erf, gelu-tanh, relu/],
      [{ padToken: 5000 }, /padToken is 5000, outside the vocabulary/],
      [{ epsilon: Number.NaN }, /epsilon is NaN/],
    ];
    for (const [change, sentence] of wrong) {
      expect(() => encodeHeader({ ...SMALL, ...change }, [], 0)).toThrow(sentence);
    }
  });
});
