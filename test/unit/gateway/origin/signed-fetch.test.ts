/** What a call of an origin sends. That the local origin accepts its signature: test/unit/tools/local-lambda, test/e2e. */
import { expect, it } from "vitest";
import { createSignedFetch } from "../../../../gateway/origin/signed-fetch.ts";

const KEYS = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };

it("the address that is called is the one that is signed, and what is added is not signed", async () => {
  let url: string | undefined;
  let headers = new Headers();
  const settings = { ...KEYS, url: "HTTPS://Origin.Example:443/a/../b", region: "eu-central-1" };
  const call = createSignedFetch(settings, async (input, init) => {
    url = String(input);
    headers = new Headers(init?.headers);
    return new Response();
  });
  await call("{}", new AbortController().signal, 1000);
  expect(url).toBe("https://origin.example/b");
  expect(headers.get("authorization")).toMatch(/ SignedHeaders=host;x-amz-date, /);
  expect([headers.get("content-type"), headers.get("x-spillway-timeout-ms")]).toEqual(["application/json", "1000"]);
});
