/** An input as people have it: with a byte order mark and CRLF it is the same; as a Git LFS pointer or in UTF-16 it is refused by name. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readInputs } from "../../../../../tools/spillway/plan/input/read-inputs.ts";

const VECTORS = new URL("../../../../vectors/plan/", import.meta.url).pathname;
const OPEN_INPUT = new URL("../../../../../tools/spillway/plan/input/open-input.ts", import.meta.url).href;
const LFS_POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 9\n`;
const words = (text: string, textPair: string | null) => `${text} ${textPair ?? ""}`.trim().split(/\s+/).length;
const read = (path: string) => readInputs([path], "auto", words);

async function written(name: string, content: string | Buffer): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), "plan-")), name);
  await writeFile(path, content);
  return path;
}

describe("an input", () => {
  it.each([
    [
      "in UTF-16",
      Buffer.from("\ufeffREPORT", "utf16le"),
      "/input is UTF-16, as PowerShell's > writes it; save it as UTF-8.",
    ],
    ["in UTF-16 in gzip", gzipSync(Buffer.from("\ufeffREPORT", "utf16le")), "/input is UTF-16"],
    [
      "that is a Git LFS pointer",
      LFS_POINTER,
      "/input is a Git LFS pointer, not the file itself; fetch it first: git lfs pull",
    ],
    ["that is a Git LFS pointer in gzip", gzipSync(LFS_POINTER), "/input is a Git LFS pointer"],
  ])("%s is refused with the next step", async (_, content, message) => {
    await expect(read(await written("input", content))).rejects.toThrow(message);
  });

  it("on standard input is refused by that name", async () => {
    const program = `import { openInput } from ${JSON.stringify(OPEN_INPUT)};
      openInput("-").catch((error) => console.log(error.message));`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const line = once(child.stdout.setEncoding("utf8"), "data");
    // In two pieces, and the pipe stays open: the command does not wait for its end.
    child.stdin.write(LFS_POINTER.slice(0, 3));
    child.stdin.write(LFS_POINTER.slice(3));
    const [text] = await line;
    expect(text).toBe("Standard input is a Git LFS pointer, not the file itself; fetch it first: git lfs pull\n");
    expect((await once(child, "exit"))[0]).toBe(0);
  });

  it.each([
    "report.log",
    "tail.log",
    "tail-json.log",
    "platform.jsonl",
    "events.json",
    "insights-message.csv",
    "alb.log",
    "texts.jsonl",
    "texts.csv",
  ])("%s is the same with a byte order mark and CRLF", async (name) => {
    const text = await readFile(VECTORS + name, "utf8");
    const marked = await written(name, `\ufeff${text.replaceAll(/\r?\n/g, "\r\n")}`);
    const counted = async (path: string) => {
      const { counts, calls, texts } = await read(path);
      return { counts: counts.map((one) => ({ ...one, path: "" })), calls: calls.n, texts: [...texts.tokens] };
    };
    expect(await counted(marked)).toEqual(await counted(VECTORS + name));
  });
});
