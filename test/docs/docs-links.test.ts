/** Every link of a page leads to a file and a heading that exist, and every page that a file names exists. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const ROOT = new URL("../../", import.meta.url);
const textOf = (page: string) => readFileSync(new URL(page, ROOT), "utf8");

/** Every file that is committed, or that the next commit would add. */
const files = [
  ...new Set(
    execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
      cwd: ROOT,
      encoding: "utf8",
    })
      .split("\0")
      .filter((path) => path !== "" && existsSync(new URL(path, ROOT))),
  ),
];
const pages = files.filter((path) => path.endsWith(".md") && !path.startsWith("test/vectors/"));

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

describe("a page of docs/ that a file names", () => {
  it("exists", () => {
    // The changelog names pages that have moved.
    const readers = files.filter(
      (path) => /\.(ts|mjs|json|toml|ya?ml|sh|md|svg)$|Dockerfile$/.test(path) && path !== "CHANGELOG.md",
    );
    const wrong = readers.flatMap((path) =>
      [...textOf(path).matchAll(/(?<![\w/])docs\/[\w./-]*\.(md|yaml)\b/g)]
        .filter(([named]) => !existsSync(new URL(named, ROOT)))
        .map(([named]) => `${path}: ${named}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe("a source file that a page names in a code span", () => {
  it("exists", () => {
    const wrong = pages.flatMap((page) =>
      [...textOf(page).matchAll(/`([\w.-]+(?:\/[\w.-]+)*\.(?:ts|sh|yaml))`/g)]
        .map(([, named = ""]) => named)
        .filter((named) => !files.some((path) => path === named || path.endsWith(`/${named}`)))
        .map((named) => `${page}: ${named}`),
    );
    expect(wrong).toEqual([]);
  });
});
