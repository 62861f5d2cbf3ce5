/**
 * Colours of pictures. The tones are of middle brightness: the page's theme and the system's, which a media query reads, may differ where a
 * picture is a separate file.
 */

export const TONES = ["blue", "orange", "grey", "green", "purple", "yellow", "pink"] as const;
export type Tone = (typeof TONES)[number];

/** Rules of the classes that the charts use. A page may set `--ink`, `--soft`, `--line` and `--paper` to fit its theme. */
export const PICTURE_STYLE = `
  text { fill: var(--soft, #727b86) } .ink { fill: var(--ink, #727b86) } .grid { stroke: var(--line, #8b949e55); fill: none }
  .track { fill: var(--line, #8b949e55); fill-opacity: 0.35 }
  .halo { paint-order: stroke; stroke: var(--paper, transparent); stroke-width: 5px; stroke-linejoin: round }
  .mark { stroke: var(--soft, #8b949e); stroke-dasharray: 3 4; fill: none }
  .blue { --c: #2f81f7 } .orange { --c: #d9603b } .grey { --c: #7d8590 } .green { --c: #1a9e6b } .purple { --c: #9a6cd8 }
  .yellow { --c: #b8860b } .pink { --c: #c9518f }
  .curve { stroke: var(--c); stroke-width: 2.5; fill: none; stroke-linejoin: round; stroke-linecap: round }
  .fill, text.tone { fill: var(--c) } .band { fill: var(--c); fill-opacity: 0.16 }
`;
