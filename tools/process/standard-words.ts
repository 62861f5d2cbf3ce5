/** `--help` and `--version`, alike in every command of this checkout. */
import manifest from "../../package.json" with { type: "json" };

/** Of the checkout. */
export const VERSION: string = manifest.version;

/** As every `--help` describes it. */
export const ABOUT_VERSION = "print the version of this checkout";

/** @returns what to print for --help, -h or --version, wherever it is among the words; null without one of them */
export function standardAnswer(words: readonly string[], usage: string): string | null {
  if (words.includes("--help") || words.includes("-h")) return usage;
  return words.includes("--version") ? VERSION : null;
}

/** What to print, and the exit code: 0 for an answer, 2 for wrong usage. */
export interface Answer {
  text: string;
  exitCode: 0 | 2;
}

/**
 * The command line of a command without options.
 * @param name as it is typed: "npm start"
 * @returns null if the command has to do its work
 */
export function answerWithoutOptions(words: readonly string[], name: string, usage: string): Answer | null {
  const [word] = words;
  if (word === undefined) return null;
  const text = standardAnswer(words, usage);
  return text === null ? { text: `${name} has no option ${word}.\n\n${usage}`, exitCode: 2 } : { text, exitCode: 0 };
}

/** Prints an answer to stdout, or a refusal to stderr, and ends the process; null does nothing. */
export function endWith(answer: Answer | null): void {
  if (answer === null) return;
  (answer.exitCode === 0 ? console.log : console.error)(answer.text);
  process.exit(answer.exitCode);
}
