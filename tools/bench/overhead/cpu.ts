/** CPU time of a process group by Linux' scheduler, in nanoseconds: unlike a time by the clock it does not depend on what else runs. */
import { readdir, readFile } from "node:fs/promises";

/** All processes of the group so far, in ms; null where the system does not report it. @param group the id of its first process */
export async function cpuMsOf(group: number): Promise<number | null> {
  let cpuMs: number | null = null;
  for (const process of await entries("/proc")) {
    if (!/^\d+$/.test(process) || groupIn(await text(`/proc/${process}/stat`)) !== group) continue;
    for (const thread of await entries(`/proc/${process}/task`)) {
      const [ns = ""] = (await text(`/proc/${process}/task/${thread}/schedstat`)).split(" ");
      if (ns !== "") cpuMs = (cpuMs ?? 0) + Number(ns) / 1e6;
    }
  }
  return cpuMs;
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
