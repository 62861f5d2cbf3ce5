/** Colours for a terminal. NO_COLOR turns them off (https://no-color.org). */
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];
/** Returns the text in a style, or unchanged where colours are off. */
export type Paint = (style: Style, text: string) => string;

/** @param stream where the text is written: only a terminal gets colours */
export function paintFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  const coloured = stream.isTTY === true && !env["NO_COLOR"];
  return (style, text) => (coloured ? styleText(style, text, { validateStream: false }) : text);
}
