// Takes out what would give the class away without being part of the message: this corpus' anonymisation, and the
// footers, subject tags, signatures and feed stamps that its mailing lists add to (nearly only) one class.

const collectorHosts =
  "(?:[\\w-]+\\.)*(?:taint\\.org|netnoteinc\\.com|jmason\\.org|zzzzason\\.org|example\\.com|example\\.sourceforge\\.net)";

const replacements: [RegExp, string][] = [
  // Lost bytes: the corpus holds U+FFFD wherever a mail was not UTF-8.
  [/\ufffd+/g, ""],
  // The collector's addresses were replaced by made-up names, differently in ham and spam.
  [new RegExp(`[\\w.+%=-]*@${collectorHosts}\\b`, "gi"), "me@mail.com"],
  [new RegExp(`\\b${collectorHosts}\\b`, "gi"), "mail.com"],
  [/\b(?:zzzz|yyyy|qqqqqqqqqq)[\w-]*/gi, "me"],
  // Spam reported to a mailing list, and that list's footer.
  [/(?:--)?DeathToSpamDeathToSpam[\s\S]*$/, ""],
  // Footers of mailing-list software, SourceForge and Yahoo! Groups, whole or run together by HTML.
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
  // The writer's signature: the regulars of a few lists wrote much of the ham.
  [/\n-- ?\n(?:[^\n]*\n){0,12}[^\n]*$/, "\n"],
];

const listTag = /^((?:(?:re|fwd?|aw):\s*)*)\[[\w -]{2,20}\]\s*/i;

export function tidyBody(body: string): string {
  let text = body.replace(/\r\n?/g, "\n");
  for (const [pattern, replacement] of replacements) text = text.replace(pattern, replacement);
  return text
    .replace(/[ \t\u00a0]+/g, " ")
    .replace(/ ?\n ?/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

export function tidySubject(subject: string): string {
  return tidyBody(subject.replace(listTag, "$1")).replace(/\s+/g, " ");
}
