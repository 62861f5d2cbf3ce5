/** Pure. The commands in a page's shell blocks, as a shell would split them, as far as pages use a shell. */

/** `page` in Markdown: fenced blocks, and blocks that are indented by four. */
export function shellCommands(page: string): string[][] {
  const lines = joined(blockLines(page));
  const options = optionsIn(lines);
  return lines
    .map((line) => line.replaceAll(/\$([A-Z]+)\b/g, (as, name) => options.get(name) ?? as))
    .flatMap(splitCommands);
}

/** Variables that stand for options, as `P="--remote --env production"`: a shell makes several words of them. */
function optionsIn(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    lines.flatMap((line) => {
      const [, name, value] = /^([A-Z]+)="(--[^"]*)"/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value] as const];
    }),
  );
}

function blockLines(page: string): string[] {
  let isFenced = false;
  return page.split("\n").flatMap((line) => {
    if (line.trimStart().startsWith("```")) {
      isFenced = !isFenced;
      return [];
    }
    if (isFenced) return [line.trim()];
    return line.startsWith("    ") ? [line.trim()] : [];
  });
}

/** A line that ends in a backslash continues on the next line. */
function joined(lines: readonly string[]): string[] {
  return lines.join("\n").replaceAll("\\\n", " ").split("\n");
}

/** `<version>`: a placeholder that the reader replaces. */
const PLACEHOLDER = /^<[a-z][^<>|]*>/;

/** One line into commands, each a list of words; quotes, comments and redirections are removed. */
export function splitCommands(line: string): string[][] {
  const commands: string[][] = [];
  let words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  const endWord = () => {
    if (word !== null) words.push(word);
    word = null;
  };
  const endCommand = () => {
    endWord();
    if (words.length > 0) commands.push(words);
    words = [];
  };
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? "";
    if (quote !== null) {
      if (char === quote) quote = null;
      else if (char === "\\" && quote === '"') word = (word ?? "") + (line[++at] ?? "");
      else word = (word ?? "") + char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= "";
    } else if (char === "#" && word === null) break;
    else if (/\s/.test(char)) endWord();
    // `KEY=$(npx …)` is two commands: what stands before is an assignment.
    else if (/[|;&()]/.test(char)) endCommand();
    else if (PLACEHOLDER.test(line.slice(at))) {
      const [placeholder = ""] = PLACEHOLDER.exec(line.slice(at)) ?? [];
      word = (word ?? "") + placeholder;
      at += placeholder.length - 1;
    } else if (/[<>]/.test(char)) {
      endWord();
      // The file's name is no word of the command.
      const rest = /^\s*[^\s|;&)]*/.exec(line.slice(at + 1))?.[0] ?? "";
      at += rest.length;
    } else word = (word ?? "") + char;
  }
  endCommand();
  return commands;
}
