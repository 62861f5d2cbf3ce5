import { expect, it } from "vitest";
import { receive } from "../../../../gateway/receive/receive.ts";
import { defaultPolicy } from "../../../../policies/parse.ts";

const slot = { reserveBytes: () => true, renew: () => {}, release: () => {} };
const clock = { nowMs: () => 0, wait: () => new Promise<never>(() => {}) };

async function reasonFor(headers: Record<string, string>): Promise<string | null> {
  const request = new Request("http://gateway/", { method: "POST", headers, body: '{"inputs": "ä"}' });
  const received = await receive(request, defaultPolicy().limits, clock, slot);
  return received.ok ? null : received.refusal.reason;
}

it.each([
  "application/json",
  "Application/JSON",
  "application/json; charset=utf-8",
  "application/json;charset=UTF-8",
  'application/json; charset="utf8"',
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
  "application/json; charset=",
  "text/json",
  "",
])("%j is refused", async (type) => {
  expect(await reasonFor({ "content-type": type })).toBe("content-type");
});

it.each(["gzip", "deflate", "br", "zstd"])("a body that is compressed with %s is refused", async (encoding) => {
  expect(await reasonFor({ "content-type": "application/json", "content-encoding": encoding })).toBe(
    "content-encoding",
  );
});
