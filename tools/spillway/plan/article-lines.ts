/** Pure. The published experiment as lines for a terminal. */

import { headline, sentenceLines } from "../report/terminal.ts";
import type { Paint } from "../terminal/colors.ts";
import { type Article, articleSums } from "./article.ts";

const MAX_COLUMNS = 110;

export function articleLines(article: Article, columns: number, paint: Paint): string[] {
  const width = Math.min(MAX_COLUMNS, columns);
  return [
    headline("The published experiment", `prices of ${article.pricesAsOf}`, width, paint),
    ...articleSums(article).flatMap(({ title, lines }) => [
      "",
      paint("bold", title),
      ...sentenceLines(lines, "", width, (line) => line),
    ]),
  ];
}
