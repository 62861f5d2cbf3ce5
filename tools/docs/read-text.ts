/** The text of a file that a person reads, piece by piece, and the names that its author chose. Pure. */
import ts from "typescript";

export interface Piece {
  kind: "text" | "name";
  text: string;
  /** Where the piece begins in the file. */
  offset: number;
}

/** Outside of literals, these characters begin nothing else. */
const COMMENT = /\/\*[\s\S]*?\*\/|\/\/.*|^#!.*/g;

/** Comments, string and template literals, and identifiers of a TypeScript file; import paths are left out. */
export function piecesOfTypeScript(path: string, source: string): Piece[] {
  // Comments are found by their characters: to have TypeScript list every token takes ten times as long.
  const options = { languageVersion: ts.ScriptTarget.Latest, jsDocParsingMode: ts.JSDocParsingMode.ParseNone };
  const file = ts.createSourceFile(path, source, options);
  const pieces: Piece[] = [];
  let readTo = 0;
  const readComments = (end: number): void => {
    for (const { index, 0: text } of source.slice(readTo, end).matchAll(COMMENT))
      pieces.push({ kind: "text", text, offset: readTo + index });
  };
  const visit = (node: ts.Node, parent: ts.Node): void => {
    const isText = isLiteral(node);
    if (isText || ts.isIdentifier(node) || ts.isRegularExpressionLiteral(node)) {
      const [offset, end] = [node.getStart(file), node.end];
      if (!ts.isIdentifier(node)) {
        readComments(offset);
        readTo = end;
      }
      const text = source.slice(offset, end);
      if (ts.isIdentifier(node)) pieces.push({ kind: "name", text, offset });
      else if (isText && !isModulePath(parent)) pieces.push({ kind: "text", text, offset });
    }
    ts.forEachChild(node, (child) => visit(child, node));
  };
  ts.forEachChild(file, (child) => visit(child, file));
  readComments(source.length);
  return pieces;
}

function isLiteral(node: ts.Node): boolean {
  return (
    ts.isStringLiteral(node) ||
    ts.isNoSubstitutionTemplateLiteral(node) ||
    ts.isTemplateHead(node) ||
    ts.isTemplateMiddleOrTemplateTail(node)
  );
}

function isModulePath(parent: ts.Node): boolean {
  return ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent);
}

/** A page without what it quotes: code spans, fenced blocks and links' targets keep their place as blanks. */
export function piecesOfMarkdown(source: string): Piece[] {
  const blank = (text: string) => text.replaceAll(/[^\n]/g, " ");
  const prose = source
    .replaceAll(/^```[\s\S]*?^```$/gm, blank)
    .replaceAll(/`[^`\n]+`/g, blank)
    .replaceAll(/\]\([^)\n]*\)/g, blank);
  return [{ kind: "text", text: prose, offset: 0 }];
}

/** @returns every piece of a file; a file that is neither TypeScript nor Markdown is one piece */
export function piecesOf(path: string, source: string): Piece[] {
  if (/\.(ts|mjs)$/.test(path)) return piecesOfTypeScript(path, source);
  return path.endsWith(".md") ? piecesOfMarkdown(source) : [{ kind: "text", text: source, offset: 0 }];
}
