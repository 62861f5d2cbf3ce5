/** SVG as text. No DOM: a Worker, a command and a test draw alike. Pure. */

export type Attributes = Readonly<Record<string, string | number>>;

/** @param children markup; texts go through `escapeText` */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeText(written(value))}"`);
  const start = `<${name}${list.join("")}`;
  return children.length === 0 ? `${start}/>` : `${start}>${children.join("")}</${name}>`;
}

export interface TextStyle {
  anchor?: "start" | "middle" | "end";
  size?: number;
  bold?: boolean;
  /** Class names of `PICTURE_STYLE`. */
  as?: string;
}

/** One line of text. Its baseline is at `y`. */
export function label(x: number, y: number, text: string, style: TextStyle = {}): string {
  const { anchor = "start", size = 12, bold = false, as = "" } = style;
  const attributes = {
    x,
    y,
    ...(anchor !== "start" && { "text-anchor": anchor }),
    "font-size": size,
    ...(bold && { "font-weight": 600 }),
    ...(as !== "" && { class: as }),
  };
  return element("text", attributes, escapeText(text));
}

/** A line of any shape. @param d as of `path` */
export function path(d: string, as: string, more: Attributes = {}): string {
  return element("path", { class: as, d, ...more });
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export function rectangle({ x, y, width, height }: Box, as: string, radius = 0): string {
  return element("rect", { class: as, x, y, width: Math.max(0, width), height, ...(radius > 0 && { rx: radius }) });
}

export function dot(x: number, y: number, as: string, radius = 3.5): string {
  return element("circle", { class: as, cx: x, cy: y, r: radius });
}

export interface Picture {
  width: number;
  height: number;
  /** For readers that do not see it. */
  title: string;
  /** Rules in addition to the page's; a picture in a file has no other ones. */
  style?: string;
}

export function picture({ width, height, title, style = "" }: Picture, ...content: readonly string[]): string {
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${written(width)} ${written(height)}`,
    role: "img",
    "font-family": "ui-sans-serif, system-ui, 'DejaVu Sans', sans-serif",
    "font-size": 12,
  };
  const styles = style === "" ? [] : [element("style", {}, style)];
  return element("svg", attributes, element("title", {}, escapeText(title)), ...styles, ...content);
}

export function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** A tenth of a pixel is invisible. */
function written(value: string | number): string {
  return typeof value === "number" ? String(Math.round(value * 10) / 10) : value;
}

/** SVG has no text flow, so the width of a text is estimated, generously for most. */
export function widthOf(text: string, size = 12): number {
  return text.length * size * 0.56;
}
