/** A reader that ends before the command, as `head -1` does. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import manifest from "../../../../package.json" with { type: "json" };

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

/** A step of an installation, which prints one line. */
const NOT_FOR_PEOPLE = ["engine/build/main.ts"];

it("every command of package.json drops what no reader accepts", async () => {
  const files = Object.values(manifest.scripts).flatMap(
    (script) => /^(?:exec )?node ([\w./-]+\.m?[jt]s)/.exec(script)?.[1] ?? [],
  );
  expect(files).toContain("tools/spillway/main.ts");
  const textOf = (file: string) => readFile(new URL(`../../../../${file}`, import.meta.url), "utf8");
  for (const file of new Set(files)) {
    if (NOT_FOR_PEOPLE.includes(file)) continue;
    // npm start loads its program after the compile cache is set.
    const text = file === "tools/start/main.mjs" ? await textOf("tools/start/start.ts") : await textOf(file);
    expect([file, /^ *dropUnreadOutput\(\);$/m.test(text)]).toEqual([file, true]);
  }
});
