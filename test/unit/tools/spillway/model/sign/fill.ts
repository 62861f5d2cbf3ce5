/** Writes files into a folder, with the folders between. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

export async function fill(folder: string, files: Record<string, Uint8Array | string>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}
