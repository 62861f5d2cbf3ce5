/** A child's output as it is written to its log: no URL of a request is in it. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { startChild } from "../../../../tools/process/child.ts";
import { withoutRequestUrls } from "../../../../tools/process/without-urls.ts";

const URL_OF_A_CALLER = "http://evil.example/kumquat?text=kumquat";

it.each([
  [
    `\u001b[31m✘ \u001b[0m\u001b[1mError inside ProxyWorker (the affected request failed; the dev server continues): POST ${URL_OF_A_CALLER} (failed after 1 attempt): Network connection lost: kumquat`,
    "\u001b[31m✘ \u001b[0m\u001b[1mError inside ProxyWorker (the affected request failed; the dev server continues): a request's connection ended",
  ],
  [
    `ProxyWorker: GET ${URL_OF_A_CALLER} recovered on attempt 2 after a dropped connection to the UserWorker`,
    "ProxyWorker: a request's connection ended",
  ],
  [`uncaught error of POST ${URL_OF_A_CALLER}`, "uncaught error of POST <url>"],
  [
    "Traces are not accepted: https://backend.example/v1/traces answered 401",
    "Traces are not accepted: https://backend.example/v1/traces answered 401",
  ],
])("%s", (line, logged) => {
  expect(withoutRequestUrls(line)).toBe(logged);
});

it("a log has each line of both streams, also one that arrives in pieces, without the URL", async () => {
  const folder = await mkdtemp(join(tmpdir(), "spillway-log-"));
  try {
    const script = `process.stdout.write("POST http://e"); setTimeout(() => console.log("vil.example/kumquat lost"), 50); console.error("a warning")`;
    const file = join(folder, "child.log");
    const child = await startChild("child", [process.execPath, "-e", script], process.env, file);
    child.died.catch(() => {});
    await vi.waitFor(async () => {
      const log = await readFile(file, "utf8");
      expect(log.trim().split("\n").toSorted()).toEqual(["POST <url> lost", "a warning"]);
    });
    await child.stop();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
