/** docs/reference/codes.md has one entry for every code, with its meaning and what to check, and none for a code that does not exist. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MISMATCHES } from "../../formats/model-package/mismatch.ts";
import { describeFault, type PackageFault } from "../../formats/model-package/package-fault.ts";
import { BECAUSE } from "../../gateway/decide/route.ts";
import { REFUSAL_CODES, REFUSAL_REASONS, type RefusalReason, statusOf } from "../../gateway/refusal.ts";
import { FAILURE_REASONS } from "../../gateway/sides.ts";

const page = readFileSync(new URL("../../docs/reference/codes.md", import.meta.url), "utf8");

/** Why a caller is not accepted. */
const ACCESS_REASONS: readonly RefusalReason[] = [
  ...REFUSAL_REASONS.unauthorized,
  "scope",
  "key-inputs",
  "key-rate",
  "address-rate",
  "failed-authentications",
  "keys-unavailable",
  "key-unreadable",
  "misconfigured",
  "policy-too-old",
];

interface Entry {
  codes: string[];
  /** What stands between the codes and the colon, such as `(400)`. */
  note: string;
  meaning: string;
  check: string;
}

/** The items of the lists below a heading: "- `code` (note): Meaning. **Check:** What to check." */
function entriesBelow(heading: string): Entry[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  const items = section.split(/^- /m).slice(1);
  return items.map((item) => {
    const text = item.split("\n\n", 1)[0]?.replaceAll(/\s+/g, " ").trim() ?? "";
    const [, codes = "", note = "", meaning = "", check = ""] =
      /^((?:`[^`]+`(?:, )?)+) ?(\(\d+\))?: (.*?) \*\*Check:\*\* (.*)$/.exec(text) ?? [];
    return { codes: codesIn(codes), note, meaning, check };
  });
}

function codesIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}

describe.each<[string, readonly string[], readonly string[]]>([
  ["Reasons of an answer", BECAUSE, []],
  // Statuses of the origin with a separate entry, and all others.
  [
    "Why a side failed",
    FAILURE_REASONS,
    ["http-403", "http-413", "http-429", "http-500", "http-502", "http-503", "http-…"],
  ],
  ["Refusals", REFUSAL_CODES, []],
  ["Keys, tokens and rates", ACCESS_REASONS, []],
  ["The two sides answer with different labels", MISMATCHES, []],
])('the entries below "%s"', (heading, known, patterns) => {
  const entries = entriesBelow(heading);

  it.each([...known, ...patterns])("have one for `%s` with its meaning and what to check", (code) => {
    const [entry, ...more] = entries.filter(({ codes }) => codes.includes(code));
    expect(entry?.meaning).toMatch(/\w.*\.$/);
    expect(entry?.check).toMatch(/\w.*\.$/);
    expect(more).toEqual([]);
  });

  it("have none for a code that does not exist", () => {
    const documented = entries.flatMap(({ codes }) => codes);
    expect(documented.filter((code) => !known.includes(code) && !patterns.includes(code))).toEqual([]);
  });
});

describe("the entry of a refusal has its status, and its reasons in the trace:", () => {
  const entries = entriesBelow("Refusals");
  const entryOf = (wanted: string) => entries.find(({ codes }) => codes.includes(wanted));
  const reasonsOf = (code: string) => codesIn(/Reasons: (.*)$/.exec(entryOf(code)?.meaning ?? "")?.[1] ?? "");
  /** Reasons that hold a value. */
  const patterns: Partial<Record<string, string>> = { forbidden: "tls-…", unavailable: "bug: …" };

  it.each(REFUSAL_CODES)("`%s`", (code) => {
    const pattern = patterns[code];
    const expected = [...REFUSAL_REASONS[code], ...(pattern === undefined ? [] : [pattern])];
    expect(reasonsOf(code).toSorted()).toEqual(expected.toSorted());
    expect(entryOf(code)?.note).toBe(`(${statusOf(code)})`);
  });
});

describe("the entries of why the edge refuses a model have one for the fault", () => {
  const faults: Record<PackageFault["kind"], PackageFault> = {
    "no-key": { kind: "no-key" },
    missing: { kind: "missing", file: "edge.ort" },
    signature: { kind: "signature", reason: "wrong-key", message: "…" },
    "not-signed": { kind: "not-signed", file: "edge.ort" },
    "signed-otherwise": { kind: "signed-otherwise", file: "edge.ort" },
    size: { kind: "size", file: "edge.ort", sizeBytes: 1, listedBytes: 2 },
    digest: { kind: "digest", file: "edge.ort", sha256: "00", listed: null },
    unlisted: { kind: "unlisted", file: "edge.ort" },
    "other-model": { kind: "other-model" },
    "other-name": { kind: "other-name", name: "…" },
    "manifest-unreadable": { kind: "manifest-unreadable", problem: "…" },
    "old-version": { kind: "old-version", version: 1, minVersion: 2 },
  };
  const documented = entriesBelow("Why the edge refuses a model").flatMap(({ codes }) => codes);
  /** `…` stands for a value. */
  const matches = (pattern: string, text: string) =>
    new RegExp(`^${pattern.split("…").map(RegExp.escape).join(".+")}$`).test(text);

  it.each(Object.values(faults).map((fault) => [describeFault(fault)]))("%s", (text) => {
    expect(documented.filter((pattern) => matches(pattern, text))).not.toEqual([]);
  });
});
