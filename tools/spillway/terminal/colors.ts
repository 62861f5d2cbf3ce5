/** Colours, on a terminal whose user has not turned them off (https://no-color.org). */
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];
export type Paint = (style: Style, text: string) => string;

export function paintFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  const coloured = stream.isTTY === true && !env["NO_COLOR"];
  return (style, text) => (coloured ? styleText(style, text, { validateStream: false }) : text);
}
