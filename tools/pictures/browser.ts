/** The browser that takes the pictures. */
import { access } from "node:fs/promises";
import { type Browser, chromium } from "playwright-core";

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** Keeps the browser off the network and skips what it does at its first start. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** It ends with this process at the latest. A signal is for the caller: Playwright would end this process before what the caller has started. */
export function openBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: FLAGS,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
}

/** @throws Error with one sentence if none is installed */
export async function findBrowser(): Promise<string> {
  for (const path of BROWSERS) {
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  throw new Error("No Chromium on this machine. Install it (Debian: apt-get install chromium) and retry.");
}
