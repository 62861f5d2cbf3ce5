import { expect, it } from "vitest";
import { receive } from "../../../../gateway/receive/receive.ts";
import type { Refusal } from "../../../../gateway/refusal.ts";
import { defaultPolicy } from "../../../../policies/parse.ts";

const slot = { reserveBytes: () => true, renew: () => {}, release: () => {} };
const clock = { nowMs: () => 0, wait: () => new Promise<never>(() => {}) };

async function refusalFor(headers: Record<string, string>): Promise<Refusal | null> {
  const request = new Request("http://gateway/", { method: "POST", headers, body: '{"inputs": "ä"}' });
  const received = await receive(request, defaultPolicy().limits, clock, slot);
  return received.ok ? null : received.refusal;
}

async function reasonFor(headers: Record<string, string>): Promise<string | null> {
  return (await refusalFor(headers))?.reason ?? null;
}

it.each([
  "application/json",
  "Application/JSON",
  "application/json; charset=utf-8",
  "application/json;charset=UTF-8",
  'application/json; charset="utf8"',
  "application/json; charset='utf-8'",
  "application/json; charset = 'UTF-8' ; profile=x",
  "application/json; profile=x; charset=us-ascii",
])("%s is read", async (type) => {
  expect(await reasonFor({ "content-type": type })).toBeNull();
});

it.each([
  "application/json; charset=utf-16",
  "application/json;charset=UTF-16LE",
  "application/json; charset=utf-32",
  "application/json; charset=iso-8859-1",
  'application/json; charset="windows-1252"',
  "application/json; profile=x; charset=shift_jis",
  "application/json; charset='utf-16'",
  "application/json; charset=",
  "text/json",
  "",
])("%j is refused", async (type) => {
  expect(await reasonFor({ "content-type": type })).toBe("content-type");
});

it.each([
  [
    "application/json; charset='utf-16le'",
    "`charset` of `content-type` is utf-16le. Send the body in UTF-8, with `charset=utf-8` or none.",
  ],
  [
    "application/json; charset=a b",
    "`charset` of `content-type` is another encoding. Send the body in UTF-8, with `charset=utf-8` or none.",
  ],
  [
    "text/plain; charset=utf-8",
    "`content-type` is text/plain. Send the body as JSON with the header `content-type: application/json`.",
  ],
  [
    "text/the-callers-own-words",
    "`content-type` is another media type. Send the body as JSON with the header `content-type: application/json`.",
  ],
  ["", "`content-type` is missing. Send the body as JSON with the header `content-type: application/json`."],
])("%j is refused with what was seen and what is allowed", async (type, publicText) => {
  expect(await refusalFor({ "content-type": type })).toMatchObject({ code: "unsupported-media-type", publicText });
});

it.each(["gzip", "deflate", "br", "zstd"])("a body that is compressed with %s is refused", async (encoding) => {
  expect(await reasonFor({ "content-type": "application/json", "content-encoding": encoding })).toBe(
    "content-encoding",
  );
});
