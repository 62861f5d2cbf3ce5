// Which part of the data a group of near-duplicates belongs to: decided by the hash of its text alone, so that adding
// or reordering mails never moves another mail across.
import { createHash } from "node:crypto";

export type Split = "train" | "validation" | "test";

const testPercent = 23;
const validationPercent = 8;

/** The group's name: the smallest digest among its texts, whatever their order. */
export function groupName(texts: string[]): string {
  return texts.map((text) => createHash("sha256").update(text).digest("hex")).sort()[0] ?? "";
}

export function splitOf(group: string): Split {
  const bucket = Number.parseInt(group.slice(0, 8), 16) % 100;
  if (bucket < testPercent) return "test";
  return bucket < testPercent + validationPercent ? "validation" : "train";
}
