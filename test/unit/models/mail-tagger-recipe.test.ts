import { describe, expect, test } from "vitest";
import {
  groupName,
  intoSplits,
  loadMails,
  type Mail,
  mailText,
  readRawMails,
  splitOf,
} from "../../../models/mail-tagger-recipe/mails.ts";
import {
  groupNearDuplicates,
  shingles,
  similarity,
  similarityThreshold,
} from "../../../models/mail-tagger-recipe/near-duplicates.ts";

const raws = readRawMails();
const mails = loadMails(raws);
const of = (split: Mail["split"]) => mails.filter((mail) => mail.split === split);

describe("the split of the corpus", () => {
  test("holds out at least 1,000 mails and about a fifth, both labels in every part", () => {
    expect(of("test").length).toBeGreaterThanOrEqual(1000);
    expect(of("test").length / mails.length).toBeGreaterThan(0.18);
    expect(of("test").length / mails.length).toBeLessThan(0.22);
    for (const split of ["train", "validation", "test"] as const) {
      expect(new Set(of(split).map(({ label }) => label))).toEqual(new Set(["ham", "spam"]));
    }
  });

  test("keeps every group on one side", () => {
    const splitsByGroup = new Map<string, Set<string>>();
    for (const { group, split } of mails) splitsByGroup.set(group, (splitsByGroup.get(group) ?? new Set()).add(split));
    expect([...splitsByGroup.values()].every((splits) => splits.size === 1)).toBe(true);
  });

  test("has no near-duplicate of a held-out mail in training, compared one by one", { timeout: 60_000 }, () => {
    const training = of("train").map(({ text }) => shingles(text));
    const heldOut = of("test").filter((_, at) => at % 64 === 0);
    const closest = heldOut.map(({ text }) => {
      const set = shingles(text);
      return Math.max(...training.map((other) => similarity(set, other)));
    });
    expect(Math.max(...closest)).toBeLessThan(similarityThreshold);
  });

  test("does not depend on the order of the mails", { timeout: 60_000 }, () => {
    const some = raws.filter((_, at) => at % 10 === 0);
    const forward = new Map(loadMails(some).map(({ source, split, group }) => [source, `${split} ${group}`]));
    const backward = new Map(
      loadMails(some.toReversed()).map(({ source, split, group }) => [source, `${split} ${group}`]),
    );
    expect(backward).toEqual(forward);
  });

  test("contains no header, no collector address and no list footer", () => {
    for (const { text } of mails) {
      expect(text).not.toMatch(/^(?:Received|Return-Path|Message-Id): /);
      expect(text).not.toMatch(/taint\.org|netnoteinc|DeathToSpamDeath|\ufffd/);
      expect(text).toMatch(/\p{L}/u);
    }
  });
});

describe("near-duplicates", () => {
  const words = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen".split(" ");
  const text = words.join(" ");

  test("differ in numbers, links, case and punctuation only", () => {
    const varied = `${text.toUpperCase()}!!! 4711 http://example.test/a?b=1`;
    expect(groupNearDuplicates([text, "something else altogether, of other words", varied])).toEqual([0, 1, 0]);
  });

  test("chain: a like b and b like c are one group", () => {
    const later = words.slice(3).concat(["alpha", "beta", "gamma"]).join(" ");
    const latest = words.slice(6).concat(["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]).join(" ");
    expect(similarity(shingles(text), shingles(latest))).toBeLessThan(similarityThreshold);
    expect(groupNearDuplicates([text, latest, later])).toEqual([0, 0, 0]);
  });

  test("of texts shorter than a shingle are equal texts", () => {
    expect(groupNearDuplicates(["Hi there", "hi, there!", "Hi you", "???", "!!!"])).toEqual([0, 0, 2, 3, 4]);
  });

  test("get one split, named only by their text", () => {
    const [first, second, other] = intoSplits([
      { text },
      { text: `${text} 1` },
      { text: "quite another mail than that" },
    ]);
    expect(first?.group).toBe(second?.group);
    expect(other?.group).not.toBe(first?.group);
    expect(groupName(["b", "a"])).toBe(groupName(["a", "b"]));
  });

  test("a fifth of the groups is held out, and only the name of a group decides", () => {
    const groups = Array.from({ length: 10_000 }, (_, index) => groupName([`mail ${index}`]));
    const share = (split: string) => groups.filter((group) => splitOf(group) === split).length / groups.length;
    expect(share("test")).toBeCloseTo(0.2, 1);
    expect(share("validation")).toBeCloseTo(0.08, 1);
    // These do not change until new splits are drawn on purpose.
    const first = groups.slice(0, 12).map(splitOf);
    expect(first.flatMap((split, at) => (split === "test" ? [at] : []))).toEqual([0, 6, 8]);
    expect(first.flatMap((split, at) => (split === "validation" ? [at] : []))).toEqual([11]);
  });
});

describe("the text of a mail", () => {
  test.each([
    ["plain", "Subject: Lunch?\nTo: a@b.c\n\nAt one?\n", "Lunch?\n\nAt one?"],
    ["encoded subject", "Subject: =?iso-8859-1?Q?Caf=E9?=\n =?utf-8?B?w6k=?=\n\nx y\n", "Caféé\n\nx y"],
    [
      "quoted-printable",
      "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nna=EFve soft=\nbreak\n",
      "naïve softbreak",
    ],
    ["base64", "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nR3LDvMOfZQ==\n", "Grüße"],
    [
      "HTML",
      "Content-Type: text/html\n\n<html><style>p{}</style><p>A &amp; B<br>C<!-- no --> &#68;</html>\n",
      "A & B\nC D",
    ],
    [
      "alternatives",
      'Content-Type: multipart/alternative; boundary="=b"\n\n--=b\nContent-Type: text/plain\n\nplain\n--=b\nContent-Type: text/html\n\n<html>rich</html>\n--=b--\n',
      "plain",
    ],
    [
      "attachment",
      "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\nContent-Type: image/gif\n\nR0lGOD\n--b--\n",
      "hello",
    ],
    ["list tag and signature", "Subject: Re: [ILUG] kernel\n\nfine\n\n-- \nNiall\n", "Re: kernel\n\nfine"],
  ])("%s", (_, raw, text) => {
    expect(mailText(raw)).toBe(text);
  });
});
