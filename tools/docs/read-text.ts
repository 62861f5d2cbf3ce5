/** The text of a file that a person reads, piece by piece, and the names that its author chose. Pure. */
import ts from "typescript";

export interface Piece {
  kind: "text" | "name";
  text: string;
  /** Where the piece begins in the file. */
  offset: number;
}

/** Comments, string and template literals, and identifiers of a TypeScript file; import paths are left out. */
export function piecesOfTypeScript(path: string, source: string): Piece[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const pieces: Piece[] = [];
  const visit = (node: ts.Node): void => {
    // What lies between two tokens is white space and comments.
    if (node.getChildCount(file) === 0) {
      const [begin, end] = [node.getFullStart(), node.getStart(file)];
      if (end > begin) pieces.push({ kind: "text", text: source.slice(begin, end), offset: begin });
    }
    const piece = (kind: Piece["kind"]): Piece => ({ kind, text: node.getText(file), offset: node.getStart(file) });
    if (ts.isIdentifier(node)) pieces.push(piece("name"));
    else if (isLiteral(node) && !isModulePath(node)) pieces.push(piece("text"));
    for (const child of node.getChildren(file)) if (!ts.isJSDoc(child)) visit(child);
  };
  visit(file);
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

function isModulePath(node: ts.Node): boolean {
  return ts.isImportDeclaration(node.parent) || ts.isExportDeclaration(node.parent);
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
