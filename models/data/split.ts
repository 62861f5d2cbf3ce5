// Which part of the data a group of near-duplicates belongs to: decided by the hash of its text and of the drawing's name
// alone, so that adding or reordering mails never moves another mail across.
import { createHash } from "node:crypto";

export type Split = "train" | "validation" | "test";

/** A new name draws fresh parts: do so before training again once the test part has influenced a choice. */
const drawing = "2026-11";
const testPercent = 20;
const validationPercent = 8;

/** The group's name: the smallest digest among its texts, whatever their order. */
export function groupName(texts: string[]): string {
  return texts.map((text) => createHash("sha256").update(text).digest("hex")).sort()[0] ?? "";
}

export function splitOf(group: string): Split {
  const digest = createHash("sha256").update(`${drawing}:${group}`).digest("hex");
  const bucket = Number.parseInt(digest.slice(0, 8), 16) % 100;
  if (bucket < testPercent) return "test";
  return bucket < testPercent + validationPercent ? "validation" : "train";
}
