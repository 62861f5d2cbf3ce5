/** A committed page is the one that the code gives: `npm run docs:generate` writes it. */
import { describe, expect, it } from "vitest";
import { MAX_COLUMNS } from "../../tools/docs/markdown.ts";
import { current, GENERATED_FILES, withSection } from "../../tools/docs/pages.ts";

describe("a generated file is committed as the code gives it", () => {
  it.each(GENERATED_FILES.map((file) => [file.path, file] as const))("%s", (path, file) => {
    const committed = current(file);
    expect(committed, `${path} is out of date. Run npm run docs:generate and commit what it writes.`).toBe(
      file.make(committed),
    );
  });
});

/** Of telemetry.md only two sections are generated. */
const WHOLE_PAGES = GENERATED_FILES.filter(({ path }) => path.endsWith(".md") && !path.endsWith("/telemetry.md"));

describe("a generated page fits a terminal", () => {
  it.each(WHOLE_PAGES.map((file) => [file.path, file] as const))("%s", (_, file) => {
    const wide = file
      .make(current(file))
      .split("\n")
      .filter((line) => line.length > MAX_COLUMNS);
    expect(wide).toEqual([]);
  });
});

it("a page that lost its markers is an error that names them", () => {
  expect(() => withSection("# Telemetry", "metrics", "…")).toThrow('has no "<!-- generated: metrics -->" followed by');
});
