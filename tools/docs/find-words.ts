/** Finds the words of `words.ts` in the files of the repository. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Piece, piecesOf } from "./read-text.ts";
import { AVOIDED_NAME_PARTS, AVOIDED_NAMES, AVOIDED_PHRASES } from "./words.ts";

export interface Finding {
  path: string;
  line: number;
  word: string;
  instead: string;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const READ = /\.(ts|mjs|md|toml|ya?ml|sh|py|svg|template)$|(^|\/)(Dockerfile|\.gitignore|\.gitattributes)$|^\.ci\//;
/** The list, its test, and files that Spillway did not write. */
const NOT_READ = /^(tools\/docs\/words\.ts$|test\/docs\/plain-english\.test\.ts$|test\/vectors\/)/;

/** @returns the files below one of the folders (all when empty) whose text is checked, as paths from the root */
export function filesToRead(folders: readonly string[] = []): string[] {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: ROOT });
  const isBelow = (path: string) =>
    folders.length === 0 || folders.some((folder) => folder === "" || path === folder || path.startsWith(`${folder}/`));
  return [...new Set(listed.toString("utf8").split("\0"))]
    .filter((path) => READ.test(path) && !NOT_READ.test(path) && existsSync(ROOT + path))
    .filter(isBelow);
}

/** @returns every avoided word in a file of the repository, with its line */
export function findWords(path: string): Finding[] {
  return [...findInName(path), ...findInText(path, readFileSync(ROOT + path, "utf8"))];
}

/** @returns every avoided word in a text; `path` decides how the text is read */
export function findInText(path: string, source: string): Finding[] {
  return piecesOf(path, source).flatMap((piece) =>
    (piece.kind === "name" ? namesIn(piece) : phrasesIn(piece)).map(({ offset, ...found }) => ({
      path,
      line: source.slice(0, offset).split("\n").length,
      ...found,
    })),
  );
}

function findInName(path: string): Finding[] {
  const base = (path.split("/").at(-1) ?? "").replace(/\..*$/, "");
  const camel = base.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  return avoidedName(camel) ? [{ path, line: 1, word: base, instead: "another file name" }] : [];
}

function namesIn({ text, offset }: Piece): { offset: number; word: string; instead: string }[] {
  return avoidedName(text) ? [{ offset, word: text, instead: "a name from the field" }] : [];
}

function avoidedName(name: string): boolean {
  if (AVOIDED_NAMES.includes(name)) return true;
  const parts = name
    .replaceAll(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[ _]/);
  return AVOIDED_NAME_PARTS.some((part) => parts.includes(part));
}

/** Most pieces have none of the phrases, which one search finds out. */
const ANY_PHRASE = new RegExp(AVOIDED_PHRASES.map(({ pattern }) => pattern.source).join("|"), "i");

function phrasesIn({ text, offset }: Piece): { offset: number; word: string; instead: string }[] {
  if (!ANY_PHRASE.test(text)) return [];
  return AVOIDED_PHRASES.flatMap(({ pattern, instead, except }) => {
    const reviewed = except === undefined ? [] : [...text.matchAll(except)];
    return [...text.matchAll(pattern)]
      .filter(({ index }) => !reviewed.some((one) => one.index <= index && index < one.index + one[0].length))
      .map(({ index, 0: word }) => ({ offset: offset + index, word, instead }));
  });
}
