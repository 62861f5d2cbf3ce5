/** The open files and sockets of the system's workerd processes. Linux; elsewhere there is no count. */
import { readdir, readFile } from "node:fs/promises";

/** @param mark a part of the processes' environment: the folder of the bench. @returns null where /proc does not exist */
export async function openFiles(mark: string): Promise<number | null> {
  const entries = await readdir("/proc").catch(() => null);
  if (entries === null) return null;
  let count = 0;
  for (const pid of entries.filter((name) => /^\d+$/.test(name))) {
    const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
    if (name.trim() !== "workerd") continue;
    const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    // A process of another user has no readable environment.
    if (environment.includes(mark)) count += (await readdir(`/proc/${pid}/fd`).catch(() => [])).length;
  }
  return count;
}
