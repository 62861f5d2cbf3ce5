/** A folder for one test file, and the committed models. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

/** Removed when the file's tests are done. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "spillway-onnx-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function vector(file: string): string {
  return fileURLToPath(new URL(`../../../../../vectors/onnx/${file}`, import.meta.url));
}
