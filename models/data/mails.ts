// The data set as the model meets it: text without headers but for the subject, label, and a split that keeps
// near-duplicates on one side. Deterministic.
import { type Label, type RawMail, readRawMails } from "./corpus.ts";
import { decodeWords, splitEntity } from "./headers.ts";
import { readableText } from "./mime.ts";
import { groupNearDuplicates } from "./near-duplicates.ts";
import { groupName, type Split, splitOf } from "./split.ts";
import { tidyBody, tidySubject } from "./tidy.ts";

export type Mail = { text: string; label: Label; split: Split; group: string; source: string };

/** Reads, cleans and splits the corpus: about 6,000 mails, a few seconds. */
export function loadMails(raws: RawMail[] = readRawMails()): Mail[] {
  const read = raws
    .map(({ source, label, raw }) => ({ source, label, text: mailText(raw) }))
    .filter(({ text }) => /\p{L}/u.test(text));
  return intoSplits(read);
}

export function mailsOf(split: Split, mails: Mail[] = loadMails()): Mail[] {
  return mails.filter((mail) => mail.split === split);
}

/** Subject, an empty line, body. */
export function mailText(raw: string): string {
  const entity = splitEntity(raw);
  const subject = tidySubject(decodeWords(entity.headers.get("subject") ?? ""));
  return `${subject}\n\n${tidyBody(readableText(entity))}`.trim();
}

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
