/** What the processes of a group use, by Linux, and how they yield. */
import { readdir, readFile, writeFile } from "node:fs/promises";

/**
 * CPU time of all processes of the group so far, in ms, by the scheduler: unlike a time by the clock it does not depend on what else runs.
 * Null where the system does not report it. @param group the id of its first process
 */
export async function cpuMsOf(group: number): Promise<number | null> {
  let cpuMs: number | null = null;
  for (const process of await processesOf(group)) {
    for (const thread of await entries(`/proc/${process}/task`)) {
      const [ns = ""] = (await text(`/proc/${process}/task/${thread}/schedstat`)).split(" ");
      if (ns !== "") cpuMs = (cpuMs ?? 0) + Number(ns) / 1e6;
    }
  }
  return cpuMs;
}

/** @returns how long a thread has waited for a processor so far, in ms; null where the system does not report it, or after the thread's end */
export type ReadWaitMs = () => Promise<number | null>;

/**
 * Of the first thread of the group's process with this name. It waits where more threads want to run than there are processors.
 * Null if the group has no such process. https://docs.kernel.org/scheduler/sched-stats.html
 */
export async function processorWaitOf(group: number, name: string): Promise<ReadWaitMs | null> {
  for (const process of await processesOf(group)) {
    if ((await text(`/proc/${process}/comm`)).trim() !== name) continue;
    return async () => {
      const [, ns = ""] = (await text(`/proc/${process}/task/${process}/schedstat`)).split(" ");
      return ns === "" ? null : Number(ns) / 1e6;
    };
  }
  return null;
}

/** For `nice`. By Linux's weights a tenth of a processor beside another busy session; with 19, a hundredth. */
export const LOW_PRIORITY = "10";

/**
 * Linux may share the processors among sessions first: the priority of a process then counts in its session only, and each process of a bench
 * has its own. https://man7.org/linux/man-pages/man7/sched.7.html, "The autogroup feature". Elsewhere this has no effect.
 * @param pid a process of the session
 */
export async function lowerSession(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/autogroup`, LOW_PRIORITY).catch(() => {});
}

/** The open files and sockets of all processes of the group; null where the system does not report them. */
export async function openFilesOf(group: number): Promise<number | null> {
  const processes = await processesOf(group);
  if (processes.length === 0) return null;
  const files = await Promise.all(processes.map((process) => entries(`/proc/${process}/fd`)));
  return files.reduce((sum, { length }) => sum + length, 0);
}

async function processesOf(group: number): Promise<string[]> {
  const processes = (await entries("/proc")).filter((name) => /^\d+$/.test(name));
  const groups = await Promise.all(processes.map(async (process) => groupIn(await text(`/proc/${process}/stat`))));
  return processes.filter((_, index) => groups[index] === group);
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: behind the name, which may hold anything: state, parent, group. */
function groupIn(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]);
}

/** Empty for a process that has ended. */
function entries(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

function text(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}
