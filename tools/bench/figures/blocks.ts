/** The parts of a page that a command writes: between two comments, by name. Pure. */

const END = "<!-- end -->";

/** A block's name and its new text, in Markdown. */
export interface Block {
  name: string;
  text: string;
}

/** @returns the page with the text of the block replaced @throws Error if the page has no such block, or more than one */
export function replaceBlock(page: string, { name, text }: Block): string {
  const [before, rest, ...more] = page.split(startOf(name));
  if (before === undefined || rest === undefined || more.length > 0)
    throw new Error(`The page needs the line ${startOf(name)} exactly once.`);
  const end = rest.indexOf(END);
  if (end < 0) throw new Error(`The page has no ${END} behind ${startOf(name)}.`);
  return `${before}${startOf(name)}\n\n${text}\n\n${rest.slice(end)}`;
}

/** @returns the comment with which a block begins */
export function startOf(name: string): string {
  return `<!-- Written by tools/bench/figures/record.ts: ${name} -->`;
}
