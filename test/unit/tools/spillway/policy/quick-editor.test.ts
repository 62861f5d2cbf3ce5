/** An editor with a window returns at once, and its user saves later: the command must not delete the file that is edited. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { mayBeOpen } from "../../../../../tools/spillway/policy/edit.ts";

// A process that opens local KV.
vi.setConfig({ testTimeout: 120_000 });

const MAIN = fileURLToPath(new URL("../../../../../tools/spillway/main.ts", import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-editor-"));
});
afterAll(() => rm(folder, { recursive: true }));

it("without a terminal, an editor that returns at once leaves its file, and the next step is printed", async () => {
  const env = { ...process.env, VISUAL: "", EDITOR: "true", SPILLWAY_STATE_DIR: folder, NO_COLOR: "1" };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [MAIN, "policy", "edit", "--yes"], { env });
  expect(stdout).toBe("No changes. Nothing was saved.\n");
  const [, editor, file = ""] =
    /The editor "(.*?)" returned without a change\. .* set EDITOR="true --wait"\. The file is kept: (\S+)/.exec(
      stderr,
    ) ?? [];
  expect(editor).toBe("true");
  await writeFile(file, '{"edge": {"share": 10}}');
  expect(await readFile(file, "utf8")).toContain("share");
  await rm(join(file, ".."), { recursive: true });
});

it("a policy that the editor saves in UTF-16 is kept, and the cause is named", async () => {
  const editor = join(folder, "editor.mjs");
  await writeFile(
    editor,
    `import { writeFileSync } from "node:fs";
writeFileSync(process.argv[2], '\ufeff{"edge": {"share": 10}}', "utf16le");`,
  );
  const env = { ...process.env, VISUAL: "", EDITOR: `node ${editor}`, SPILLWAY_STATE_DIR: folder, NO_COLOR: "1" };
  const edit = promisify(execFile)(process.execPath, [MAIN, "policy", "edit", "--yes"], { env });
  const { stderr } = await edit.then(
    () => ({ stderr: "" }),
    (error: { stderr: string }) => error,
  );
  const [, file = "", kept] =
    /(\S+) is UTF-16, as PowerShell's > writes it; save it as UTF-8\. Your edit is kept in (\S+)\. /.exec(stderr) ?? [];
  expect(kept).toBe(file);
  expect(await readFile(file, "utf16le")).toContain("share");
  await rm(join(file, ".."), { recursive: true });
});

it.each([
  ["code", 20_000, true],
  ["/usr/bin/cursor --new-window", 9000, true],
  ["open -t", 8000, true],
  ["subl -w", 100, false],
  ["code --wait", 100, false],
  ["vim", 20_000, false],
  ["vim", 100, true],
  ["encode", 20_000, false],
])("%s, back after %i ms: its window may still be open: %s", (editor, tookMs, isOpen) => {
  expect(mayBeOpen(editor, tookMs)).toBe(isOpen);
});
