import { describe, expect, it } from "vitest";
import { paintFor } from "../../../../../tools/spillway/terminal/colors.ts";
import { makeConsoleSafe, visible } from "../../../../../tools/spillway/terminal/safe-console.ts";

const ESC = "\u001b";

/** What a console with one terminal and one pipe writes. */
function written(print: (console: Pick<Console, "log" | "error">) => void) {
  const terminal: string[] = [];
  const pipe: unknown[] = [];
  const stream = (isTTY: boolean) => ({ isTTY, write: (text: string | Uint8Array) => terminal.push(String(text)) > 0 });
  const console = { log: () => {}, error: (...values: unknown[]) => void pipe.push(...values) };
  makeConsoleSafe(console, { stdout: stream(true), stderr: stream(false) });
  print(console);
  return { terminal: terminal.join(""), pipe };
}

describe("a stored text on a terminal", () => {
  it.each([
    ["clears the screen", `${ESC}[2J${ESC}[H`, "\\u{1b}[2J\\u{1b}[H"],
    ["colours what follows", `${ESC}[31mred`, "\\u{1b}[31mred"],
    ["sets the window's title", `${ESC}]0;owned\u0007`, "\\u{1b}]0;owned\\u{7}"],
    ["uses the one-byte form", "\u009b2J", "\\u{9b}2J"],
    ["returns to the start of the line", "denied\rallowed", "denied\\u{d}allowed"],
    ["deletes backwards", "evil\b\b\b\bgood\u007f", "evil\\u{8}\\u{8}\\u{8}\\u{8}good\\u{7f}"],
    ["reverses the reading direction", "key \u202egnp.exe\u2066", "key \\u{202e}gnp.exe\\u{2066}"],
    ["separates lines as Unicode does", "a\u2028b", "a\\u{2028}b"],
  ])("that %s is shown as what it is", (_, text, shown) => {
    expect(visible(text)).toBe(shown);
    expect(written(({ log }) => log(`name: ${text}`)).terminal).toBe(`name: ${shown}\n`);
  });

  it("keeps lines, tabs, letters of every script, and our own colours around it", () => {
    const paint = paintFor({ isTTY: true }, {});
    const { terminal } = written(({ log }) => log(paint("red", `line 1\n\tÄ 漢字 👩‍💻 ${ESC}[32m`)));
    expect(terminal).toBe(`${ESC}[31mline 1\n\tÄ 漢字 👩‍💻 \\u{1b}[32m${ESC}[39m\n`);
  });

  it("goes into a file or a pipe byte for byte", () => {
    expect(written(({ error }) => error(`${ESC}[2J`)).pipe).toEqual([`${ESC}[2J`]);
  });
});
