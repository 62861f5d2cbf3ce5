/** One `npm start` per state folder: a file with the process that uses the folder. The lock of a process that has ended is stale. */
import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { z } from "zod";
import { parseJson } from "../../formats/json.ts";

/** Name of the file in the state folder. */
export const LOCK_FILE = "start.lock";

const holderSchema = z.object({
  pid: z.int().min(1),
  /** When the process began, as the system has it: another process may get the same pid later. */
  processStart: z.string(),
  /** ISO time of the lock, for people. */
  since: z.string(),
  /** Where the gateway listens. */
  url: z.string(),
  /** Where the control plane listens; null in the lock of an older version. */
  controlUrl: z.string().nullable().default(null),
});

export type LockHolder = z.infer<typeof holderSchema>;

/** A lock that another process is just writing is complete after this time. */
const WRITE_MS = 200;
const MAX_ATTEMPTS = 3;

/**
 * Takes the lock of a state folder for this process.
 * @param url where the gateway will listen, for the message of another start and for commands in other shells
 * @param controlUrl where the control plane will
 * @returns gives the lock back; synchronous, so that it can run while the process exits
 * @throws Error with one sentence and the next step while another process holds it
 */
export async function takeStateLock(
  stateFolder: string,
  url: string,
  controlUrl: string | null = null,
): Promise<() => void> {
  const file = join(stateFolder, LOCK_FILE);
  const processStart = (await processStartOf(process.pid)) ?? "";
  const own: LockHolder = { pid: process.pid, processStart, since: new Date().toISOString(), url, controlUrl };
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    try {
      await writeFile(file, JSON.stringify(own), { flag: "wx" });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const holder = await lockHolder(stateFolder);
    if (holder !== null) {
      throw new Error(
        `npm start already uses this state: ${describeHolder(holder)}. Stop it with Ctrl-C in its terminal, or set SPILLWAY_STATE_DIR and other ports to start another system.`,
      );
    }
    // Two starts that find the same stale lock in the same moment are distinguished by their ports.
    await rm(file, { force: true });
  }
  throw new Error(`${file} changes all the time; start the system only once, and retry.`);
}

/** @returns the process that holds the lock; null if there is none, or it has ended */
export async function lockHolder(stateFolder: string): Promise<LockHolder | null> {
  const read = () => readFile(join(stateFolder, LOCK_FILE), "utf8").catch(() => null);
  let text = await read();
  if (text === "") {
    await sleep(WRITE_MS);
    text = await read();
  }
  const parsed = holderSchema.safeParse(text === null ? null : parseJson(text));
  if (!parsed.success) return null;
  return (await processStartOf(parsed.data.pid)) === parsed.data.processStart ? parsed.data : null;
}

/** @returns "process 123 since 14:02:10, http://127.0.0.1:8787" */
export function describeHolder({ pid, since, url }: Omit<LockHolder, "controlUrl">): string {
  return `process ${pid} since ${new Date(since).toLocaleTimeString("sv-SE")}, ${url}`;
}

/** @returns a text that only this process has, of all that ever had its pid; null if it does not run */
async function processStartOf(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  if (stat !== null) {
    // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the name may contain spaces; then the state is field 3, the start field 22.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const bootId = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "");
    return fields[0] === "Z" ? null : `${fields[19]} ${bootId.trim()}`;
  }
  // Where there is no /proc. It fails for a pid that no process has, which on Linux is the usual case.
  const { stdout } = await promisify(execFile)("ps", ["-o", "lstart=", "-p", String(pid)]).catch(() => ({
    stdout: "",
  }));
  return stdout.trim() || null;
}
