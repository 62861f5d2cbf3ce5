/** CORS_ORIGINS is obeyed to the letter, or names what is wrong with it. */
import { describe, expect, it } from "vitest";
import { parseWebOrigins } from "../../../../gateway/respond/web-headers.ts";

describe("CORS_ORIGINS", () => {
  it.each([
    [undefined, []],
    ["", []],
    ["  ", []],
    ["*", "*"],
    [" * ", "*"],
    ["https://app.example", ["https://app.example"]],
    [" https://app.example ,http://localhost:3000 ", ["https://app.example", "http://localhost:3000"]],
    ["https://app.example,https://app.example", ["https://app.example"]],
    ["https://xn--bcher-kva.example", ["https://xn--bcher-kva.example"]],
    ["http://[::1]:8080", ["http://[::1]:8080"]],
  ])("%j is %j", (text, origins) => {
    expect(parseWebOrigins(text)).toEqual({ ok: true, origins });
  });

  it.each([
    ["https://app.example/", 'did you mean "https://app.example"?'],
    ["https://app.example/path?x", 'did you mean "https://app.example"?'],
    ["https://App.example", 'did you mean "https://app.example"?'],
    ["https://app.example:443", 'did you mean "https://app.example"?'],
    ["https://user:pass@app.example", 'did you mean "https://app.example"?'],
    ["https://bücher.example", 'did you mean "https://xn--bcher-kva.example"?'],
    ["app.example", 'must be exact origins such as "https://app.example"'],
    ["https://*.example", "must be exact origins"],
    ["*,https://app.example", 'or only "*"'],
    ["https://app.example,", '"" is not allowed'],
    ["https://app.example https://other.example", "must be exact origins"],
    ["null", "must be exact origins"],
    ["file:///x", "must be exact origins"],
    ["ftp://app.example", "must be exact origins"],
  ])("%j is refused with the reason", (text, sentence) => {
    expect(parseWebOrigins(text)).toEqual({ ok: false, problem: expect.stringContaining(sentence) });
  });
});
