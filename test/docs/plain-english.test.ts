/**
 * Spillway's text is plain technical English: docs/writing.md. The list of words is tools/docs/words.ts. To see every finding of a
 * folder: `npm run docs:words -- gateway`; `--count` prints one number per folder.
 */
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { deployProgram } from "../../tools/deploy/program.ts";
import { type Finding, filesToRead, findInText, findWords } from "../../tools/docs/find-words.ts";
import { spillwayProgram } from "../../tools/spillway/program.ts";

/** Everything that is committed, one test per folder so that a failure names its place. */
const PLACES: readonly string[] = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "wrangler.toml", ".gitattributes", ".ci"],
  ...["docs", "formats", "engine", "policies", "gateway", "lambda-origin", "tools", "models", "test"],
];

const line = ({ path, line, word, instead }: Finding) => `${path}:${line}: "${word}" → ${instead}`;

describe("no word of tools/docs/words.ts is in", () => {
  it.each(PLACES)("%s", (folder) => {
    expect(filesToRead([folder]).flatMap(findWords).map(line)).toEqual([]);
  });

  it("the --help of any command", () => {
    expect(
      allCommands()
        .flatMap(({ name, help }) => findInText(`${name} --help`, help))
        .map(line),
    ).toEqual([]);
  });
});

function allCommands(): { name: string; help: string }[] {
  return [...commandsOf(spillwayProgram()), ...commandsOf(deployProgram(), "npm run deploy --")];
}

/** A command, and every command below it. */
function commandsOf(command: Command, name = command.name()): { name: string; help: string }[] {
  const inner = command.commands.flatMap((one) => commandsOf(one, `${name} ${one.name()}`));
  return [{ name, help: command.helpInformation() }, ...inner];
}

describe("a word is found", () => {
  it.each([
    ["a comment", "a.ts", "/** Ok. */\nfunction f() {\n  // Nobody waits.\n}", ['a.ts:3: "Nobody"']],
    ["a comment at the end", "a.ts", "const a = 1;\n// whoever", ['a.ts:2: "whoever"']],
    ["a docstring", "a.ts", "/**\n * On this\n * machine alone. */\nexport const a = 1;", ['a.ts:3: "alone"']],
    ["a string", "a.ts", 'const a = "mend it";', ['a.ts:1: "mend"']],
    [
      "a template with a value",
      "a.ts",
      `const a = \`v ${"$"}{1} is\ntold ${"$"}{2} goes on\`;`,
      ['a.ts:2: "told"', 'a.ts:2: "goes on"'],
    ],
    ["an identifier", "a.ts", "function editDesk() {}", ['a.ts:1: "editDesk"']],
    ["a page", "a.md", "# A\n\nIt is fit to run.", ['a.md:3: "fit to"']],
    ["a shell script", "a.sh", "# so long as", ['a.sh:1: "so long"']],
  ])("in %s", (_, path, text, expected) => {
    const found = findInText(path, text).map(line);
    expect(found).toEqual(expected.map((start) => expect.stringContaining(start)));
  });

  it.each([
    ["standalone, taken from", "a.md", "A standalone run, taken from the log."],
    ["a page quotes it", "a.md", "Write `only`, not `alone`.\n\n```\nnobody\n```\n"],
    ["a path of an import has it", "a.ts", 'import { a } from "./told.ts";'],
    ["a name only begins like it", "a.ts", "const desktop = exactly(deadline);"],
  ])("but not where %s", (_, path, text) => {
    expect(findInText(path, text)).toEqual([]);
  });
});
