/** Pure. Both panels as an SVG whose colours can be read on light and on dark pages; every number comes from the simulation. */
import { levelOf, PANEL_BOTTOM, type Panel, panelOf, rateMarkOf } from "./panel.ts";
import { originLines, type PictureData, waitLines } from "./picture-data.ts";

const WIDTH = 1000;
const HEIGHT = PANEL_BOTTOM + 62;
/** What is shorter is drawn here: nobody feels it. */
const SHORTEST_MS = 10;

// One set of colours for both, of middle brightness: a page's theme and the system's, which a media query asks for, may differ.
const STYLE = `
    text { fill: #727b86 } .grid { stroke: #8b949e; stroke-opacity: 0.25 } .mark { stroke: #8b949e; stroke-dasharray: 2 4 }
    .line { fill: none; stroke-width: 2.5; stroke-linejoin: round; stroke-linecap: round }
    .line.plain { stroke: #d9603b } .line.adaptive { stroke: #2f81f7 } .line.adaptive-budget-200 { stroke: #1a9e6b }
    .dot.plain, text.plain { fill: #d9603b } .dot.adaptive, text.adaptive { fill: #2f81f7 }
    .dot.adaptive-budget-200, text.adaptive-budget-200 { fill: #1a9e6b }
    tspan.soft, text.soft { fill: #727b86 }
    .level { stroke: #9a6cd8; stroke-width: 1.5; stroke-dasharray: 6 4 } .level-text { fill: #9a6cd8 }
  `;

/** @throws RangeError for data without a row of a way that is drawn */
export function spikePicture(data: PictureData): string {
  const { model, seconds, spikes, maxQueueMs, saturationPerSecond } = data;
  const wait = waitPanel(data);
  const origin = originPanel(data);
  const full = `always busy from ${saturationPerSecond}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="ui-sans-serif, system-ui, 'DejaVu Sans', sans-serif" font-size="14">
  <title>A traffic spike on one isolate: how long texts wait for the edge, and how many go to the origin</title>
  <style>${STYLE}</style>
  <text x="24" y="30" font-size="18" font-weight="600">A traffic spike on one isolate</text>
  <text x="24" y="52" font-size="12.5">Simulated: ${spikes} spikes of ${seconds} s at each rate, run times by the time model of ${model}</text>
${panelOf(wait)}
${rateMarkOf(saturationPerSecond, "", wait)}
${levelOf(maxQueueMs, `limit ${maxQueueMs} ms`, wait)}
${panelOf(origin)}
${rateMarkOf(saturationPerSecond, full, origin)}
</svg>
`;
}

function waitPanel(data: PictureData): Panel {
  const lines = waitLines(data);
  const decades = Math.ceil(Math.log10(longest(lines) / SHORTEST_MS));
  return {
    title: "Wait for the edge, P95 (log scale)",
    left: 76,
    lines,
    ticks: Array.from({ length: decades + 1 }, (_, decade) => SHORTEST_MS * 10 ** decade),
    write: (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`),
    height: (ms) => Math.log10(Math.max(ms, SHORTEST_MS) / SHORTEST_MS) / decades,
  };
}

function originPanel(data: PictureData): Panel {
  return {
    title: "Answered by the origin",
    left: 572,
    lines: originLines(data),
    ticks: [0, 25, 50, 75, 100],
    write: (percent) => `${Math.round(percent)} %`,
    height: (percent) => percent / 100,
  };
}

function longest(lines: ReturnType<typeof waitLines>): number {
  const values = lines.flatMap(({ points }) => points.map(({ value }) => value));
  if (lines.some(({ points }) => points.length === 0))
    throw new RangeError("a way that is drawn has no row; measure again");
  return Math.max(SHORTEST_MS * 10, ...values);
}
