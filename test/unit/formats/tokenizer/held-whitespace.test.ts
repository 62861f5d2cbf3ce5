import { beforeEach, expect, it } from "vitest";
import { HeldWhitespace } from "../../../../formats/tokenizer/core/held-whitespace.ts";
import type { Busy, Stage } from "../../../../formats/tokenizer/core/stage.ts";

let out: string[];
const sink: Stage = {
  put: (codePoint) => void out.push(String.fromCodePoint(codePoint)),
  end: () => void out.push("|"),
  token: (id) => void out.push(`<${id}>`),
};
beforeEach(() => {
  out = [];
});

function held(text: string, busy?: Busy[]): HeldWhitespace {
  const stage = new HeldWhitespace(sink, busy);
  for (const char of text) stage.hold(char.codePointAt(0) ?? 0);
  return stage;
}

it("is passed on, or dropped", () => {
  const stage = held(" \t\u3000", []);
  stage.pass();
  stage.put(0x78);
  expect(out.join("")).toBe(" \t\u3000x");
  stage.hold(0x20);
  stage.drop();
  stage.pass();
  stage.end();
  expect(out.join("")).toBe(" \t\u3000x|");
});

it("much of it is passed on in parts, and what comes behind it waits, in order", () => {
  const blanks = " \n".repeat(1000);
  const busy: Busy[] = [];
  const stage = held(blanks, busy);
  expect(busy).toEqual([stage]);
  stage.pass();
  stage.put(0x78);
  stage.hold(0x09);
  stage.pass();
  stage.end();
  stage.token(7);
  expect(out).toEqual([]);
  let parts = 0;
  for (; stage.isBusy; parts++) {
    const before = out.length;
    expect(stage.work()).toBeLessThanOrEqual(256);
    if (stage.isBusy) expect(out.length - before).toBe(256);
  }
  expect(parts).toBe(8);
  expect(out.join("")).toBe(`${blanks}x\t|<7>`);
});

it("is passed on at once where no one asks for parts", () => {
  const stage = held(" ".repeat(1000));
  stage.pass();
  expect(stage.isBusy).toBe(false);
  expect(out).toHaveLength(1000);
});
