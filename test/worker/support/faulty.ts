/** The origin that misbehaves (test/support/fault-origin.ts), as tests inside workerd speak to it. */
import { inject } from "vitest";

/** Where every connection is refused. */
export const NO_LISTENER = "http://127.0.0.1:9/";

/** What counts as the origin's failure, each by its own path. */
export const FAULTS = [
  "http-500",
  "http-503",
  "no-model",
  "broken-json",
  "wrong-shape",
  "too-many-labels",
  "twice-a-label",
  "redirect-307",
  "reset-mid-body",
  "endless",
];

/** An address stays as it is; anything else is a path of the faulty origin. */
export function urlOf(behaviour: string): string {
  return behaviour.startsWith("http:") ? behaviour : `${inject("faultOrigin")}${behaviour}`;
}

/** Changes what the path does from now on: the name of a behaviour, or the JSON that it answers. */
export async function program(path: string, behaviour: string): Promise<void> {
  await fetch(urlOf(path), { method: "PUT", body: behaviour });
}

/** Calls of the path, those that the gateway gave up before they were answered, and the last one's body. */
export async function seenBy(path: string): Promise<{ calls: number; aborted: number; body: string }> {
  return (await fetch(urlOf(path))).json();
}
