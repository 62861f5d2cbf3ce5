/** A page that points to another, to a test or to a heading, points to something that is there. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const ROOT = new URL("../../", import.meta.url);
const pages = [
  "README.md",
  ...readdirSync(new URL("docs/", ROOT), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];
const textOf = (page: string) => readFileSync(new URL(page, ROOT), "utf8");

/** As GitHub names the anchor of a heading. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => heading);
  const toAnchor = (heading: string) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-");
  return new Set(headings.map(toAnchor));
}

describe.each(pages)("%s", (page) => {
  const text = textOf(page);
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = ""]) => link)
    .filter((link) => !/^\w+:/.test(link));

  it("has no link that leads nowhere", () => {
    const dead = links.filter((link) => {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? new URL(page, ROOT) : new URL(path, new URL(page, ROOT));
      if (!existsSync(target)) return true;
      return anchor !== undefined && !anchorsOf(readFileSync(target, "utf8")).has(anchor);
    });
    expect(dead).toEqual([]);
  });
});

describe("the threat model", () => {
  const rows = textOf("docs/internals/threat-model.md")
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| attack") && !line.startsWith("| ---"))
    .map((line) => line.split(" | ").map((cell) => cell.replaceAll(/^\| |\|$/g, "").trim()));

  it("names for each attack what stops it, and a test or a command that shows it", () => {
    expect(rows.length).toBeGreaterThan(30);
    for (const [attack, stops, shown] of rows) {
      expect([attack, stops?.length, shown]).toEqual([
        attack,
        expect.any(Number),
        expect.stringMatching(/\.test\.ts|bench|\.ci|npm|test\//),
      ]);
    }
  });
});
