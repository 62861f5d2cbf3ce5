// HTML mail as a reader sees it: no markup, no hidden text. Regular expressions suffice, nothing here is rendered.

const blockTags = /<\/?(?:p|div|br|tr|table|h[1-6]|li|ul|ol|hr|title|blockquote|center)\b[^>]*>/gi;
const namedEntities: Record<string, string> = {
  nbsp: " ",
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  copy: "©",
  reg: "®",
  trade: "™",
  bull: "•",
  middot: "·",
  hellip: "…",
  mdash: "—",
  ndash: "–",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  euro: "€",
  pound: "£",
};

/** Judged by the text itself: many mails of the corpus send HTML under `text/plain`. */
export function looksLikeHtml(text: string): boolean {
  return (
    /<(?:html|body|head|table|!doctype)\b/i.test(text) ||
    (text.match(/<\/?(?:br|p|a|font|b|td|center)\b[^>]*>/gi)?.length ?? 0) >= 4
  );
}

export function htmlToText(html: string): string {
  const visible = html
    .replace(/<!--[\s\S]*?(?:-->|$)/g, "")
    .replace(/<(style|script)\b[\s\S]*?(?:<\/\1\s*>|$)/gi, " ")
    .replace(/\s+/g, " ")
    .replace(blockTags, "\n")
    .replace(/<\/?td\b[^>]*>/gi, " ")
    .replace(/<\/?[a-z!?][^>]*>/gi, "");
  return decodeEntities(visible);
}

function decodeEntities(text: string): string {
  return text
    .replace(/&#(\d{1,7});?/g, (_, digits: string) => fromCodePoint(Number(digits)))
    .replace(/&#x([0-9a-f]{1,6});?/gi, (_, digits: string) => fromCodePoint(Number.parseInt(digits, 16)))
    .replace(/&([a-z]+);?/gi, (whole, name: string) => namedEntities[name.toLowerCase()] ?? whole);
}

function fromCodePoint(code: number): string {
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "";
}
