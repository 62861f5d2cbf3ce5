/** The console in a real browser, on the control plane as npm start runs it. Its figures are tested in test/control-plane. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Console, OPERATOR_TOKEN, READ_ONLY_TOKEN, startConsole } from "./support/console.ts";
import { editShare, OBSERVE_SHIFTS, onScreen, refreshed, refreshedUntil, violations } from "./support/console-page.ts";

const SCRIPT = "<script>alert(1)</script>";
const PAGES = ["/", "/rollouts", "/policy", "/models", "/keys"];

let system: Console;
let page: Page;
beforeAll(async () => {
  system = await startConsole();
  ({ page } = system);
});
afterEach(async () => {
  expect(await system.leavePages()).toEqual([]);
});
afterAll(() => system?.stop());

const command = (...words: string[]) => system.command(...words);
const signIn = (page: Page, token = OPERATOR_TOKEN) => system.signIn(page, token);
const storedShare = async () => JSON.parse(await command("policy", "get", "edge.share"));
const headline = (page: Page) => page.getByRole("heading", { level: 1 }).textContent();

describe("sign-in", () => {
  it("refuses a wrong token, accepts the operator's, and keeps the session from scripts", async () => {
    await page.goto("/policy");
    await page.getByLabel("token").fill("a-wrong-token-of-many-characters");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("Wrong token").waitFor();
    await page.getByLabel("token").fill(OPERATOR_TOKEN);
    await page.keyboard.press("Enter");
    await page.waitForURL("/policy");
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ name: "__Host-spillway", httpOnly: true, secure: true, sameSite: "Strict" });
    expect(await page.evaluate("document.cookie")).toBe("");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.goto("/");
    expect(await headline(page)).toBe("Sign in");
  });
});

describe("the policy", () => {
  it("is checked while it is typed: each mistake with its place, then the difference", async () => {
    await signIn(page);
    await page.goto("/policy");
    const field = page.getByLabel("Policy, JSON");
    await field.fill('{"edge": {"share": 1000}}');
    await page.getByText("edge.share: 1000 is not allowed").waitFor();
    expect(await field.getAttribute("aria-invalid")).toBe("true");
    await field.fill('{"edge": {"share": 40}}');
    await page.getByText("edge.share 100 (default) → 40").waitFor();
    expect(await field.getAttribute("aria-invalid")).toBe("false");
  });

  it("is reviewed, saved and rolled back", async () => {
    await signIn(page);
    await editShare(page, 40);
    expect(await headline(page)).toBe("Review the changes");
    await page.getByRole("button", { name: "Save as a new version" }).click();
    await page.getByText("Version 1 was saved.").waitFor();
    expect(await storedShare()).toBe(40);
    await editShare(page, 50);
    await page.getByRole("button", { name: "Save as a new version" }).click();
    await page.getByRole("link", { name: /^1$/ }).click();
    await page.getByRole("button", { name: "Save version 1 again" }).click();
    await page.getByText("Version 3 was saved.").waitFor();
    expect(await storedShare()).toBe(40);
  });

  it("that the command saves meanwhile is a conflict, shown as both differences", async () => {
    await signIn(page);
    await editShare(page, 70);
    await command("policy", "set", "edge.share", "60", "--author", "Bob");
    await page.getByRole("button", { name: "Save as a new version" }).click();
    await page.getByRole("alert").getByText("Bob saved version 4 after you started from version 3.").waitFor();
    const changes = await page.locator(".changes li").allTextContents();
    expect(changes).toEqual(["edge.share 40 → 60", "edge.share 60 → 70"]);
    expect(await storedShare()).toBe(60);
    await page.getByRole("button", { name: "Review changes" }).click();
    await page.getByRole("button", { name: "Save as a new version" }).click();
    await page.getByText("Version 5 was saved.").waitFor();
    expect(await storedShare()).toBe(70);
  });
});

describe("a rollout", () => {
  it("is started and aborted, which restores the share; the command shows the same", async () => {
    await signIn(page);
    await page.goto("/rollouts");
    await page.getByLabel("Share at the end").fill("100");
    await page.getByLabel("Steps before it").fill("80, 90");
    await page.getByLabel("compare labels").uncheck();
    await page.getByRole("button", { name: "Start" }).first().click();
    await page.getByRole("heading", { name: "Rollout 1, share to 100 %" }).waitFor();
    expect(JSON.parse(await command("rollout", "status", "--json"))).toMatchObject({
      id: 1,
      state: "running",
      step: "80 %",
    });
    expect(await storedShare()).toBe(80);
    await page.getByRole("button", { name: "Abort and restore" }).click();
    await page.locator("header .badge", { hasText: "aborted" }).first().waitFor();
    expect(await storedShare()).toBe(70);
  });
});

it("spillway status shows the same facts, and no drift", async () => {
  const status = JSON.parse(await command("status", "--json"));
  expect(status.sentences[0]).toBe(
    "The policy sends 70 % of eligible texts to the edge. No text came in the last 24 hours.",
  );
  expect(status).toMatchObject({ rollout: { id: 1, state: "aborted" }, drift: [] });
  expect(await command("status")).toMatch(/policy +version 7\n[\s\S]*Drift\n {2}Nothing differs\./);
});

describe("the read-only token", () => {
  it("sees every page and changes nothing: buttons state why, and the server refuses too", async () => {
    await signIn(page, READ_ONLY_TOKEN);
    for (const path of PAGES) expect((await page.goto(path))?.status(), path).toBe(200);
    await page.goto("/policy");
    expect(await page.getByRole("button", { name: "Review changes" }).isDisabled()).toBe(true);
    await page.getByText("Read-only token: sign in with the operator's token").waitFor();
    await page.goto("/rollouts");
    for (const start of await page.getByRole("button", { name: "Start" }).all())
      expect(await start.isDisabled()).toBe(true);
    const status = await page.evaluate(
      'fetch("/policy/save", { method: "POST", body: new URLSearchParams({ text: "{}", expected: "7" }) }).then((one) => one.status)',
    );
    expect(status).toBe(403);
    expect(await storedShare()).toBe(70);
  });
});

describe("without JavaScript", () => {
  it("every form works", async () => {
    await system.disableScripts();
    const scripts: string[] = [];
    page.on("request", (request) => {
      if (request.resourceType() === "script") scripts.push(request.url());
    });
    await signIn(page);
    await editShare(page, 1000);
    await page.getByText("edge.share: 1000 is not allowed").waitFor();
    await editShare(page, 30);
    await page.getByRole("button", { name: "Save as a new version" }).click();
    expect(await storedShare()).toBe(30);
    await page.goto("/rollouts");
    await page.locator('input[name="again"]').first().check();
    await page.getByRole("button", { name: "Start" }).first().click();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("button", { name: "Abort and restore" }).click();
    expect(JSON.parse(await command("rollout", "status", "--json"))).toMatchObject({ id: 2, state: "aborted" });
    await page.getByRole("button", { name: "Sign out" }).click();
    expect(await headline(page)).toBe("Sign in");
    expect(scripts).toEqual([]);
  });
});

describe("a page", () => {
  it("shows what others wrote as text", async () => {
    await command("keys", "create", "--name", SCRIPT);
    await signIn(page);
    await page.goto("/keys");
    expect(await page.getByRole("rowheader", { name: SCRIPT }).textContent()).toBe(SCRIPT);
  });

  it("has no violation that axe-core finds, in light and dark, wide and narrow, and fits its width", async () => {
    for (const screen of [
      { colorScheme: "light", viewport: { width: 1600, height: 900 } },
      { colorScheme: "dark", viewport: { width: 360, height: 740 } },
    ] as const) {
      const page = await onScreen(system.page, screen);
      await page.goto("/sign-in");
      const found = [...(await violations(page))];
      await signIn(page);
      for (const path of [...PAGES, "/policy/versions/1", "/rollouts/1"]) {
        await page.goto(path);
        found.push(...(await violations(page)));
        expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path).toBe(true);
      }
      expect(found).toEqual([]);
    }
  });

  it("is refreshed every 5 s while it is visible, and nothing moves", async () => {
    const page = await system.otherPage();
    await signIn(page);
    await page.evaluate(OBSERVE_SHIFTS);
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to content");
    await command("policy", "set", "edge.share", "12.5");
    let asked = 0;
    page.on("request", () => asked++);
    await page.evaluate(`Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true })`);
    await page.clock.runFor(20_000);
    expect(asked).toBe(0);
    await page.evaluate("delete document.visibilityState");
    await refreshed(page);
    await page.getByText("The policy sends 12.5 % of eligible texts").waitFor();
    expect(await page.evaluate("window.shifts")).toBe(0);
  });

  it("keeps what is in use and what is unfolded when it is refreshed", async () => {
    await command("rollout", "start", "share", "--to", "100", "--again", "--look-every", "1s");
    const page = await system.otherPage();
    await signIn(page);
    await page.goto("/rollouts");
    const looks = page.locator("details li");
    await refreshedUntil(page, async () => (await looks.count()) > 0);
    await page.locator("summary").focus();
    await page.keyboard.press("Enter");
    const before = await looks.count();
    await refreshedUntil(page, async () => (await lookCount()) > before);
    await refreshed(page);
    expect(await page.evaluate("document.activeElement.tagName")).toBe("SUMMARY");
    expect(await looks.count()).toBe(before);
    await page.evaluate("document.activeElement.blur()");
    await refreshedUntil(page, async () => (await looks.count()) > before);
    expect(await looks.first().isVisible()).toBe(true);
    await command("rollout", "abort");
  });

  const lookCount = async () => JSON.parse(await command("rollout", "history", "3", "--json")).looks.length;
});

describe("at the end", () => {
  it("too many wrong tokens lock the address out; a session that has begun continues until its token is replaced", async () => {
    await signIn(page);
    const other = await system.otherPage();
    await other.goto("/sign-in");
    for (let attempt = 0; (await other.getByText("Too many wrong tokens").count()) === 0 && attempt < 30; attempt++) {
      await other.getByLabel("token").fill(`a-wrong-token-of-many-characters-${attempt}`);
      await other.getByRole("button", { name: "Sign in" }).click();
    }
    await other.getByLabel("token").fill(OPERATOR_TOKEN);
    await other.getByRole("button", { name: "Sign in" }).click();
    await other.getByText("Sign-in is blocked").waitFor();
    await page.goto("/keys");
    expect(await headline(page)).toBe("API keys");
    await system.restart("another-operator's-token-of-this-test");
    await page.goto("/keys");
    expect(await headline(page)).toBe("Sign in");
  });
});
