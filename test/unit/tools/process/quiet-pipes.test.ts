/** A reader that ends before the command, as `head -1` does. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("a command whose output no reader accepts ends quietly, with its own exit code", async () => {
  const main = fileURLToPath(new URL("../../../../tools/spillway/main.ts", import.meta.url));
  const child = spawn(process.execPath, [main, "policy", "--help"], { stdio: ["ignore", "pipe", "pipe"] });
  // Before the process has started, so that its first write fails.
  child.stdout.destroy();
  let printed = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  const [code] = await once(child, "close");
  expect([code, printed]).toEqual([0, ""]);
}, 60_000);
