/** The control plane as npm start runs it, without a gateway, and a browser in front of its console. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { findBrowser, openBrowser } from "../../../tools/pictures/browser.ts";
import type { Child } from "../../../tools/process/child.ts";
import { localSettings } from "../../../tools/process/local-settings.ts";
import { freePort } from "../../../tools/process/ports.ts";
import { createProcesses } from "../../../tools/start/processes.ts";
import { startControlPlane } from "../../../tools/start/services.ts";
import { spillway } from "./spillway.ts";

export const OPERATOR_TOKEN = "the-operator's-token-of-this-test";
export const READ_ONLY_TOKEN = "the-read-only-token-of-this-test";

export interface Console {
  /**
   * @param options of a page with its own cookies and clock. Without, it is the same page for each test, signed out: Chromium's frame around a
   * page takes seconds of a core
   */
  newPage(options?: BrowserContextOptions): Promise<Page>;
  signIn(page: Page, token?: string): Promise<void>;
  /** Runs one `spillway` command on its state, as the operator. */
  command(...words: string[]): Promise<string>;
  /** Closes the pages. @returns what they reported, such as violations of the content security policy */
  closePages(): Promise<string[]>;
  /** Starts the control plane anew, with another token of the operator. */
  restart(operatorToken: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startConsole(): Promise<Console> {
  const stateFolder = await mkdtemp(join(tmpdir(), "spillway-console-"));
  const ports = { gateway: 0, control: await freePort(), origin: 0, viewer: 0 };
  const start = (operatorToken: string): Promise<Child> => {
    const settings = localSettings({
      SPILLWAY_STATE_DIR: stateFolder,
      SPILLWAY_CONTROL_PORT: String(ports.control),
      OPERATOR_TOKEN: operatorToken,
      READ_ONLY_TOKEN,
    });
    return startControlPlane(createProcesses(stateFolder), settings);
  };
  let [controlPlane, browser] = await Promise.all([start(OPERATOR_TOKEN), findBrowser().then(openBrowser)]);
  const contexts: BrowserContext[] = [];
  const problems: string[] = [];
  const openPage = async (options: BrowserContextOptions): Promise<Page> => {
    const context = await browser.newContext({ baseURL: `http://127.0.0.1:${ports.control}`, ...options });
    contexts.push(context);
    const page = await context.newPage();
    page.on("dialog", (dialog) => problems.push(`dialog: ${dialog.message()}`));
    page.on("console", (message) => {
      // Chromium reports each answer of 4xx too.
      const isAnswer = message.text().startsWith("Failed to load resource");
      if (message.type() === "error" && !isAnswer) problems.push(message.text());
    });
    return page;
  };
  const shared = await openPage({});
  return {
    newPage: async (options) => (options === undefined ? shared : await openPage(options)),
    async signIn(page, token = OPERATOR_TOKEN) {
      await page.goto("/sign-in");
      await page.getByLabel("token").fill(token);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("navigation", { name: "Pages" }).waitFor();
    },
    command: (...words) => spillway({ stateFolder, ports, token: OPERATOR_TOKEN }, ...words),
    async closePages() {
      for (const context of contexts.splice(1)) await context.close();
      await shared.goto("about:blank");
      await shared.context().clearCookies();
      return problems.splice(0);
    },
    async restart(operatorToken) {
      await controlPlane.stop();
      controlPlane = await start(operatorToken);
    },
    async stop() {
      await browser.close();
      await controlPlane.stop();
      await rm(stateFolder, { recursive: true, force: true });
    },
  };
}
