/** The control plane as npm start runs it, without a gateway, and a browser in front of its console. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CDPSession, Page } from "playwright-core";
import { findBrowser, openBrowser } from "../../../tools/pictures/browser.ts";
import type { Child } from "../../../tools/process/child.ts";
import { localSettings } from "../../../tools/process/local-settings.ts";
import { freePort } from "../../../tools/process/ports.ts";
import { createProcesses } from "../../../tools/start/processes.ts";
import { startControlPlane } from "../../../tools/start/services.ts";
import { openStores } from "./open-stores.ts";
import { spillway } from "./spillway.ts";

export const OPERATOR_TOKEN = "the-operator's-token-of-this-test";
export const READ_ONLY_TOKEN = "the-read-only-token-of-this-test";

export interface Console {
  /** The page of all tests that need no other, signed out. Chromium's frame around a page takes seconds of a core, and so does a page's process. */
  page: Page;
  /** A page with its own cookies, and with a clock that the test moves. Signed out, and the same one for each test. */
  otherPage(): Promise<Page>;
  /** From then on `page` runs no script, until the pages are left. */
  disableScripts(): Promise<void>;
  signIn(page: Page, token?: string): Promise<void>;
  /** Runs one `spillway` command on its state, as the operator. */
  command(...words: string[]): Promise<string>;
  /** Signs out and leaves the pages where nothing is refreshed. @returns what they reported, such as violations of the content security policy */
  leavePages(): Promise<string[]>;
  /** Starts the control plane anew, with another token of the operator. */
  restart(operatorToken: string): Promise<void>;
  stop(): Promise<void>;
}

const SIGN_IN = "/sign-in";

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
  const { close: closeStores, withStores } = openStores(stateFolder);
  const pages: Page[] = [];
  const problems: string[] = [];
  const openPage = async (): Promise<Page> => {
    const context = await browser.newContext({ baseURL: `http://127.0.0.1:${ports.control}` });
    const page = await context.newPage();
    pages.push(page);
    page.on("dialog", (dialog) => problems.push(`dialog: ${dialog.message()}`));
    page.on("console", (message) => {
      // Chromium reports each answer of 4xx too.
      const isAnswer = message.text().startsWith("Failed to load resource");
      if (message.type() === "error" && !isAnswer) problems.push(message.text());
    });
    return page;
  };
  const page = await openPage();
  let withoutScripts: CDPSession | null = null;
  let other: Promise<Page> | null = null;
  const openOther = async () => {
    const opened = await openPage();
    await opened.clock.install();
    return opened;
  };
  return {
    page,
    otherPage() {
      other ??= openOther();
      return other;
    },
    async disableScripts() {
      withoutScripts = await page.context().newCDPSession(page);
      await withoutScripts.send("Emulation.setScriptExecutionDisabled", { value: true });
    },
    async signIn(one, token = OPERATOR_TOKEN) {
      if (URL.parse(one.url())?.pathname !== SIGN_IN) await one.goto(SIGN_IN);
      await one.getByLabel("token").fill(token);
      await one.getByRole("button", { name: "Sign in" }).click();
      await one.getByRole("navigation", { name: "Pages" }).waitFor();
    },
    command: (...words) => spillway({ stateFolder, ports, token: OPERATOR_TOKEN, withStores }, ...words),
    async leavePages() {
      await withoutScripts?.detach();
      withoutScripts = null;
      for (const one of pages) {
        await one.context().clearCookies();
        // Not about:blank: for a page of another site, and for the way back, Chromium starts a process.
        await one.goto(SIGN_IN);
      }
      return problems.splice(0);
    },
    async restart(operatorToken) {
      await controlPlane.stop();
      controlPlane = await start(operatorToken);
    },
    async stop() {
      await browser.close();
      await closeStores();
      await controlPlane.stop();
      await rm(stateFolder, { recursive: true, force: true });
    },
  };
}
