/** Changes for people: one line each, in columns. */
import { changeTexts } from "../../policy/change-text.ts";
import type { Difference } from "../../policy/differences.ts";
import type { Paint } from "./colours.ts";

export function changeLines(changes: readonly Difference[], paint: Paint): string[] {
  const texts = changeTexts(changes);
  const placeWidth = Math.max(0, ...texts.map(({ place }) => place.length));
  const beforeWidth = Math.min(40, Math.max(0, ...texts.map(({ before }) => before.length)));
  return texts.map(
    ({ place, before, after }) =>
      `${place.padEnd(placeWidth)}  ${paint("red", before.padEnd(beforeWidth))} → ${paint("green", after)}`,
  );
}
