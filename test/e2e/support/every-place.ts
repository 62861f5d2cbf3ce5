/** Every place where a part of a caller's text could remain: all that was exported, stored or printed, searched in each encoding. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Running, until } from "./system.ts";

/** As it is, as JSON, URLs and headers could have it, and as the middle of base64 at each of its three offsets. */
export function formsOf(word: string): Buffer[] {
  const inBase64 = [0, 1, 2].map((offset) => {
    const encoded = Buffer.from(" ".repeat(offset) + word).toString("base64");
    // The first and the last group hold bits of the neighbours.
    return encoded.slice(4, -4);
  });
  return [word, ...inBase64].flatMap((form) => [Buffer.from(form), Buffer.from(form, "utf16le")]);
}

/** Each file below a folder, with its bytes. What is gone before it is read was not left. */
export async function filesBelow(folder: string): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path).catch(() => null);
    if (bytes !== null) found.set(path.slice(folder.length + 1), bytes);
  }
  return found;
}

/** All that the viewer holds, as it hands it to its own page: traces, logs, metrics, errors. */
export function viewerStore({ viewer }: Pick<Running, "viewer">): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${viewer.replace("http", "ws")}/ws`);
    socket.addEventListener("message", ({ data }) => {
      socket.close();
      resolve(String(data));
    });
    socket.addEventListener("error", () => reject(new Error("the viewer took no WebSocket")));
  });
}

/** Every series of every metric that the viewer holds, attributes included. */
export async function viewerMetrics({ viewer }: Pick<Running, "viewer">): Promise<string> {
  const { metrics }: { metrics: { name: string }[] } = await (await fetch(`${viewer}/api/metrics`)).json();
  const asked = metrics.map(async ({ name }) => {
    const body = JSON.stringify({ name });
    const response = await fetch(`${viewer}/api/query/metrics`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    if (!response.ok) throw new Error(`the viewer answered ${response.status} for ${name}`);
    return `${name}: ${await response.text()}`;
  });
  return (await Promise.all(asked)).join("\n");
}

/** What `holds` of the viewer's store, once it does. */
export function viewerHas(system: Running, what: string, holds: (store: string) => boolean): Promise<string> {
  return until(what, async () => {
    const store = await viewerStore(system);
    return holds(store) ? store : null;
  });
}
