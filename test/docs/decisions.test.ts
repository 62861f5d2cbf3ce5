/** docs/decisions/README.md lists every decision with its title, and every decision has the sections that a reader expects. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const FOLDER = new URL("../../docs/decisions/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, FOLDER), "utf8");
const decisions = readdirSync(FOLDER)
  .filter((name) => /^\d{3}-.*\.md$/.test(name))
  .toSorted();
const rows = [...read("README.md").matchAll(/^\| (\d{3}) +\| \[(.+)\]\((\S+)\) +\| (\S+) +\| (.+?) +\| (.*?) *\|$/gm)];

it("the index has one row per decision, in order", () => {
  expect(rows.map(([, , , file]) => file)).toEqual(decisions);
});

describe.each(
  rows.map(([, number = "", title = "", file = "", date = "", status = "", successor = ""]) => {
    return { number, title, file, date, status, successor };
  }),
)("decision $number", ({ number, title, file, date, status, successor }) => {
  it("has the indexed number and title, and states when to revisit it", () => {
    const page = read(file);
    expect(file.slice(0, 3)).toBe(number);
    expect(page.split("\n", 1)[0]).toBe(`# ${number} · ${title}`);
    for (const heading of ["Context", "Decision", "When to revisit"]) expect(page).toContain(`\n## ${heading}\n`);
  });

  it("has a date, a status, and a successor if it is superseded", () => {
    expect(date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(status).toMatch(/^(accepted|accepted, extended|superseded|proposed)$/);
    if (status !== "accepted" && status !== "proposed") expect(successor).toMatch(/\(\d{3}-.*\.md\)/);
  });
});
