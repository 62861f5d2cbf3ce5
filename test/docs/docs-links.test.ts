/** Every link of a page leads to a file and a heading that exist, and every page that a file names exists. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const ROOT = new URL("../../", import.meta.url);
const pages = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "models/mail-tagger/README.md"],
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

  it("has no broken link", () => {
    const broken = links.filter((link) => {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? new URL(page, ROOT) : new URL(path, new URL(page, ROOT));
      if (!existsSync(target)) return true;
      return anchor !== undefined && !anchorsOf(readFileSync(target, "utf8")).has(anchor);
    });
    expect(broken).toEqual([]);
  });
});

describe("the threat model", () => {
  const items = textOf("docs/internals/threat-model.md")
    .split("\n## ")
    .slice(1)
    .filter((section) => !section.startsWith("What nothing stops"))
    .flatMap((section) => section.split("\n- ").slice(1));

  it("names for each attack what stops it, and a test or a command that shows it", () => {
    expect(items.length).toBeGreaterThan(35);
    for (const item of items) {
      expect(item.replaceAll(/\s+/g, " ")).toMatch(
        /^\*\*[^*]+\.\*\* .{20,} \*\*Shown by:\*\* .*(\.test\.ts\)|npm run bench|\.ci\/)/,
      );
    }
  });
});

/** Files that people read, in which a page is named by its path. */
function textFiles(): string[] {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  // The changelog names pages that have moved.
  return [...new Set(listed.split("\n"))].filter(
    (path) =>
      path !== "CHANGELOG.md" &&
      /\.(ts|mjs|json|toml|ya?ml|sh|md|svg)$|Dockerfile$/.test(path) &&
      existsSync(new URL(path, ROOT)),
  );
}

describe("a page of docs/ that a file names", () => {
  it("exists", () => {
    const wrong = textFiles().flatMap((path) =>
      [...textOf(path).matchAll(/(?<![\w/])docs\/[\w./-]*\.(md|yaml)\b/g)]
        .map(([named]) => named)
        .filter((named) => !existsSync(new URL(named, ROOT)))
        .map((named) => `${path}: ${named}`),
    );
    expect(wrong).toEqual([]);
  });
});
