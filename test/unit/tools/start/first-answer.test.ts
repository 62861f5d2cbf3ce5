import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { afterEach, expect, it } from "vitest";
import { firstAnswer } from "../../../../tools/start/first-answer.ts";

let server: Server;
afterEach(() => server.close());

/** An origin that answers with one status and records the headers. */
async function origin(status: number) {
  const seen: IncomingHttpHeaders[] = [];
  server = createServer((request, response) => {
    seen.push(request.headers);
    request.resume().on("end", () => response.writeHead(status).end("{}"));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the origin has no port");
  return {
    seen,
    settings: {
      url: `http://127.0.0.1:${address.port}/`,
      region: "us-east-1",
      accessKeyId: "id",
      secretAccessKey: "secret",
    },
  };
}

it("the first text is signed for Lambda, and its trace is not sampled", async () => {
  const { seen, settings } = await origin(200);
  await firstAnswer(settings);
  expect(seen).toEqual([
    expect.objectContaining({
      authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=id\/\d{8}\/us-east-1\/lambda\/aws4_request, /),
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/),
    }),
  ]);
});

it("an origin that does not answer 200 is an error with the status and the next step", async () => {
  const { settings } = await origin(503);
  await expect(firstAnswer(settings)).rejects.toThrow(
    "The origin answered the first text with 503; run `npx spillway model evaluate` to check its package.",
  );
});
