/** Pure. One plot of lines over requests per second, as a piece of an SVG; each line's name stands at its end. */
import type { Drawn, Line } from "./picture-data.ts";

export interface Panel {
  title: string;
  left: number;
  lines: readonly Line[];
  ticks: readonly number[];
  /** How a value is written, at a tick and at the end of a line. */
  write(value: number): string;
  /** From the plot's bottom, 0, to its top, 1. */
  height(value: number): number;
}

const WIDTH = 300;
const TOP = 104;
const HEIGHT = 260;
export const PANEL_BOTTOM = TOP + HEIGHT;
const RATE_TICKS = [1, 10, 20, 30, 40, 50];
const RATE_MAX = 50;
/** Two lines of text each. */
const LABEL_GAP = 36;
const NAMES: Record<Drawn, string> = {
  plain: "plain",
  adaptive: "adaptive",
  "adaptive-budget-200": "budget 200 ms",
};

export function panelOf(panel: Panel): string {
  const { title, left, lines } = panel;
  return [
    `  <text class="title" x="${left}" y="${TOP - 18}" font-size="14" font-weight="600">${title}</text>`,
    ...grid(panel),
    ...lines.map((line) => curve(line, panel)),
    ...labels(panel),
  ].join("\n");
}

/** A value that the reader should see the lines against. */
export function levelOf(value: number, words: string, panel: Panel): string {
  const y = px(yOf(value, panel));
  return [
    `  <path class="level" d="M${panel.left} ${y}H${panel.left + WIDTH}"/>`,
    `  <text class="level-text" x="${panel.left}" y="${px(yOf(value, panel) - 6)}" font-size="11" font-weight="600">${words}</text>`,
  ].join("\n");
}

/** A rate that the reader should see the lines against. */
export function rateMarkOf(ratePerSecond: number, words: string, { left }: Panel): string {
  const x = xOf(ratePerSecond, left);
  return [
    `  <path class="mark" d="M${px(x)} ${TOP}V${PANEL_BOTTOM}"/>`,
    `  <text class="soft" x="${px(x + 6)}" y="${TOP + 14}" font-size="12">${words}</text>`,
  ].join("\n");
}

function grid(panel: Panel): string[] {
  const { left, ticks, write } = panel;
  const across = ticks.map((value) => {
    const y = yOf(value, panel);
    return `  <path class="grid" d="M${left} ${px(y)}H${left + WIDTH}"/><text class="soft" x="${left - 8}" y="${px(y + 4)}" text-anchor="end" font-size="12">${write(value)}</text>`;
  });
  const along = RATE_TICKS.map(
    (rate) =>
      `<text class="soft" x="${px(xOf(rate, left))}" y="${PANEL_BOTTOM + 20}" text-anchor="middle" font-size="12">${rate}</text>`,
  );
  const unit = `<text class="soft" x="${left + WIDTH / 2}" y="${PANEL_BOTTOM + 42}" text-anchor="middle" font-size="12">requests a second</text>`;
  return [...across, `  ${along.join("")}${unit}`];
}

function curve({ way, points }: Line, panel: Panel): string {
  const at = points.map(({ ratePerSecond, value }) => ({
    x: px(xOf(ratePerSecond, panel.left)),
    y: px(yOf(value, panel)),
  }));
  const dots = at.map(({ x, y }) => `<circle class="dot ${way}" cx="${x}" cy="${y}" r="3"/>`).join("");
  return `  <path class="line ${way}" d="M${at.map(({ x, y }) => `${x} ${y}`).join("L")}"/>${dots}`;
}

/** From the top down, pushed apart where the ends lie close. */
function labels(panel: Panel): string[] {
  const x = panel.left + WIDTH + 12;
  let freeFrom = TOP;
  return panel.lines
    .flatMap(({ way, points }) => points.slice(-1).map(({ value }) => ({ way, value, y: yOf(value, panel) })))
    .toSorted((a, b) => a.y - b.y)
    .map(({ way, value, y }) => {
      const at = Math.max(y, freeFrom);
      freeFrom = at + LABEL_GAP;
      return `  <text class="${way}" x="${x}" y="${px(at)}" font-size="13" font-weight="600">${NAMES[way]}<tspan class="soft" x="${x}" dy="16" font-size="12" font-weight="400">${panel.write(value)}</tspan></text>`;
    });
}

function xOf(ratePerSecond: number, left: number): number {
  return left + (WIDTH * ratePerSecond) / RATE_MAX;
}

function yOf(value: number, { height }: Panel): number {
  return PANEL_BOTTOM - HEIGHT * Math.min(1, Math.max(0, height(value)));
}

function px(value: number): string {
  return value.toFixed(1);
}
