/** Colours for a terminal. NO_COLOR turns them off (https://no-color.org). */
import { randomUUID } from "node:crypto";
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];
/** Returns the text in a style, for `asColours`, or unchanged where colours are off. */
export type Paint = (style: Style, text: string) => string;

/** Stands for the escape character of this command's colours, until they are written: no stored text can contain it. */
const OWN_ESCAPE = `<${randomUUID()}>`;
const OWN_SEQUENCE = new RegExp(`${OWN_ESCAPE}\\[[0-9;]*m`, "g");

/** @returns a painted text with true colours, ready for the terminal */
export function asColours(painted: string): string {
  return painted.replaceAll(OWN_ESCAPE, "\x1b");
}

/** @returns a painted text without its colours */
export function plainOf(painted: string): string {
  return painted.includes(OWN_ESCAPE) ? painted.replaceAll(OWN_SEQUENCE, "") : painted;
}

/** @param stream where the text is written: only a terminal gets colours */
export function paintFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  const coloured = stream.isTTY === true && !env["NO_COLOR"];
  if (!coloured) return (_, text) => text;
  return (style, text) => {
    const [open = "", close = ""] = styleText(style, SPLIT, { validateStream: false }).split(SPLIT);
    return `${marked(open)}${text}${marked(close)}`;
  };
}

const SPLIT = "|";

function marked(sequence: string): string {
  return sequence.replaceAll("\x1b", OWN_ESCAPE);
}
