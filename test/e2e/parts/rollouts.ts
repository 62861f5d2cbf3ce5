/**
 * Rollouts on the running system, as docs/guide/rollout.md walks: every command of that page is run here. From 0 to 100 with the control plane
 * killed in the middle; held without texts and interrupted by an edit; a model rolled back that the edge rejects; a share rolled back whose
 * texts start failing at the edge.
 */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { MANIFEST_FILE, modelIdOf, objectKey, shortModelId } from "../../../formats/model-package/names.ts";
import { sha256Hex } from "../../../formats/sha256.ts";
import { basisPointsOf, insideShare } from "../../../gateway/decide/share.ts";
import { shellCommands } from "../../support/commands/shell-commands.ts";
import { writeChangedPackage } from "../support/changed-package.ts";
import { spillway } from "../support/spillway.ts";
import { applyPolicy, storeModelFile } from "../support/stored.ts";
import { findDescendant, type Running, until, wrangler } from "../support/system.ts";

const PAGE = "docs/guide/rollout.md";
const MANIFEST = new URL("../../../models/mail-tagger/manifest.json", import.meta.url);
/** The walk's commands: those for this machine. */
const walk = shellCommands(readFileSync(new URL(`../../../${PAGE}`, import.meta.url), "utf8")).filter(
  ([npx, program, ...words]) =>
    npx === "npx" &&
    program === "spillway" &&
    !words.includes("--remote") &&
    !words.some((word) => word.startsWith("<")),
);
const walked = new Set<string>();
/** Texts wait for the edge, so that a slow machine spills none. */
const POLICY = { edge: { share: 20, maxQueueMs: 30_000 } };
const SHARE_PERCENT = 50;

const COMPRESSED = [
  ...["--steps", "50,100", "--look-every", "1s"],
  ...["minTextsPerArm=10", "minStepMs=0s", "minLastStepMs=0s", "maxDisagreement=0.9", "minCoverage=0"].flatMap(
    (one) => ["--set", one],
  ),
];

interface Status {
  id: number;
  kind: string;
  target: number;
  state: string;
  step: string;
  verdict: string | null;
  reason: string;
  missing: { what: string; texts: number | null }[];
  policyVersion: number;
}

let sent = 0;

/** A new text of an arm at 50 %. */
function textOf(arm: "inside" | "outside", word = "prize"): string {
  for (;;) {
    const text = `win a ${word} ${sent++}`;
    if (insideShare(basisPointsOf(text), SHARE_PERCENT) === (arm === "inside")) return text;
  }
}

const texts = (arm: "inside" | "outside", count: number) => Array.from({ length: count }, () => textOf(arm));

/** @param started a system whose policy was never changed, and that has run no rollout */
export function rolloutTests(started: () => Running): void {
  let system: Running;
  beforeAll(async () => {
    system = started();
    await applyPolicy(system, { version: 1, ...POLICY });
  });

  /** Runs the page's command that begins with these words. */
  async function run(...begin: string[]): Promise<string> {
    const command = walk.find((words) => begin.every((word, index) => words[index + 2] === word));
    if (command === undefined) throw new Error(`${PAGE} has no command ${begin.join(" ")}`);
    walked.add(command.join(" "));
    return spillway(system, ...command.slice(2));
  }

  /** Null while the control plane does not answer. */
  const status = (): Promise<Status | null> =>
    spillway(system, "rollout", "status", "--json").then(
      (printed) => JSON.parse(printed),
      () => null,
    );

  /** The rollout, once it is as wanted. Meanwhile texts may be sent. */
  async function rolloutThat(is: (status: Status) => boolean, send = async () => {}): Promise<Status> {
    return until("the rollout's state", async () => {
      await send();
      const now = await status();
      return now !== null && is(now) ? now : null;
    });
  }

  /** Sends one request. @returns its status, and who answered it under which policy */
  async function classify(inputs: readonly string[]) {
    const response = await fetch(`${system.gateway}/v1/classify`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ inputs }),
    });
    await response.arrayBuffer();
    const [policy, route, model] = ["policy", "route", "model"].map((name) =>
      response.headers.get(`x-spillway-${name}`),
    );
    return { status: response.status, policy: Number(policy), route, model };
  }

  /** Sends so many texts of each arm. The origin starts an instance for each concurrent call, which takes as long as hundreds of texts. */
  async function sendEach(count: number): Promise<void> {
    for (let left = count; left > 0; left -= 20) {
      await classify(texts("inside", 20));
      for (let n = 0; n < 20; n += 2) await classify(texts("outside", 2));
    }
  }

  async function inForce(version: number): Promise<void> {
    await until(
      `policy ${version} at the gateway`,
      async () => (await classify([textOf("outside")])).policy === version,
    );
  }

  describe("a share from 0 to 100, with the commands of the page", () => {
    it("is compared in the shadow, continues after the control plane was killed, and reaches 100 %", async () => {
      await run("policy", "set", "edge.share");
      await run("policy", "set", "edge.stickyBy");
      expect(await run("rollout", "start", "share")).toMatch(/Rollout #1: share to 100 %.*running/);
      const shadow = await rolloutThat(({ step, state }) => step === "shadow" && state === "running");
      expect(shadow).toMatchObject({ id: 1, kind: "share", target: 100, policyVersion: 4 });
      await inForce(4);
      for (let n = 0; n < 8; n += 2) await classify(texts("outside", 2));
      const half = await rolloutThat(({ step }) => step === "50 %");
      await inForce(half.policyVersion);

      process.kill(await findDescendant(system, "control-plane.json"), "SIGKILL");
      await sendEach(300);
      await until("the control plane again", async () => (await status())?.id === 1);
      expect(await run("rollout", "status")).toContain("50 %");
      // What the isolate could not send is lost, and is sent again by the client.
      await sendEach(300);
      await run("rollout", "status", "--watch");
      expect(await status()).toMatchObject({ state: "succeeded", step: "100 %", verdict: "successful" });
      expect(JSON.parse(await spillway(system, "policy", "get", "edge.share"))).toBe(100);
      expect(await run("rollout", "history")).toMatch(/successful/);
      expect(await run("policy", "history")).toMatch(/“rollout #1: 100 %”/);
    }, 240_000);
  });

  /** Starts a rollout that few texts decide, and resolves once the gateway has its first step. @returns its number and version */
  async function startRollout(...more: string[]): Promise<Status> {
    const words = ["rollout", "start", "share", "--to", "100", ...COMPRESSED, ...more, "--json"];
    const started: Status = JSON.parse(await spillway(system, ...words));
    await inForce(started.policyVersion);
    return started;
  }

  describe("a rollout without texts", () => {
    it("is held: it states what is missing, ships nothing and rolls nothing back; a person pauses and resumes it", async () => {
      await spillway(system, "policy", "set", "edge.share", "0");
      const { id, policyVersion } = await startRollout();
      await sendEach(20);
      const held = await rolloutThat(({ state }) => state === "held");
      expect(held).toMatchObject({ id, verdict: "inconclusive", step: "50 %", policyVersion });
      expect(held.missing.some(({ texts: missing }) => missing !== null && missing > 0)).toBe(true);
      expect(await run("rollout", "pause")).toMatch(/paused/);
      expect(await run("rollout", "resume")).toMatch(/running/);
      expect(JSON.parse(await spillway(system, "policy", "get", "edge.share"))).toBe(50);
    });

    it("is interrupted by an edit with plain wrangler, which stays", async () => {
      const version = 1 + ((await status())?.policyVersion ?? 0);
      const edit = JSON.stringify({ version, ...POLICY, edge: { ...POLICY.edge, stickyBy: "text" } });
      await wrangler(system, "kv", "key", "put", "policy", edit, "--binding", "POLICIES");
      await rolloutThat(({ state }) => state === "interrupted");
      expect(JSON.parse(await spillway(system, "policy", "get", "edge.share"))).toBe(20);
      await expect(spillway(system, "rollout", "pause")).rejects.toThrow("No rollout runs.");
    });
  });

  describe("a new model that the edge cannot serve", () => {
    it("is rolled back at the next look after an isolate has rejected it", async () => {
      // Published, and signed by no one.
      const manifest = Buffer.concat([await readFile(MANIFEST), Buffer.from("\n")]);
      const model = modelIdOf("mail-tagger", sha256Hex(manifest));
      await storeModelFile(system, objectKey(model, MANIFEST_FILE), manifest);
      const words = ["rollout", "start", "model", model, "--steps", "99.99,100", "--look-every", "1s", "--json"];
      const { id, policyVersion }: Status = JSON.parse(await spillway(system, ...words));
      await inForce(policyVersion);
      expect(JSON.parse(await spillway(system, "policy", "get", "candidate.model"))).toBe(model);
      const failed = await rolloutThat(({ state }) => state === "failed");
      expect(failed).toMatchObject({ id, verdict: "failed", reason: expect.stringContaining("was rejected") });
      expect(JSON.parse(await spillway(system, "policy", "get", "candidate"))).toBeNull();
      const { looks }: { looks: { verdict: string }[] } = JSON.parse(
        await spillway(system, "rollout", "history", String(id), "--json"),
      );
      expect(looks.filter(({ verdict }) => verdict === "failed")).toHaveLength(1);
      expect((await classify([textOf("inside")])).status).toBe(200);
    });
  });

  describe("an edge that starts failing", () => {
    const TOKEN = "[NEW]";

    it("is rolled back by the look that finds it", async () => {
      // Its weights have no row for the token: a run with it fails.
      const folder = join(system.stateFolder, "new-token");
      await writeChangedPackage(folder, { addedToken: TOKEN });
      await spillway(system, "model", "sign", folder, "--key", join(system.stateFolder, "local-signing.pem"));
      const model = await spillway(system, "model", "publish", folder, "--local");
      const version = 1 + ((await status())?.policyVersion ?? 0);
      // Nothing hides the failures: no second attempt at the origin, and no breaker that opens.
      const plain = { retryBudget: { percent: 0, minPerSecond: 0 }, breaker: { edge: { consecutive: 1000 } } };
      await applyPolicy(system, { version, ...POLICY, ...plain, model });
      const { id } = await startRollout("--again", "--set", "minTextsPerArm=1000000");
      await until("the model at the edge", async () => {
        const answered = await classify([textOf("inside")]);
        return answered.route === "edge" && answered.model === shortModelId(model);
      });
      await sendEach(20);
      const failing = await Promise.all(Array.from({ length: 30 }, () => classify([textOf("inside", TOKEN)])));
      expect(failing.map((one) => one.status)).toEqual(failing.map(() => 503));
      for (let n = 0; n < 8; n++) expect((await classify([textOf("outside", TOKEN)])).status).toBe(200);

      const failed = await rolloutThat(({ state }) => state === "failed");
      expect(failed).toMatchObject({ id, verdict: "failed", step: "50 %", reason: expect.stringContaining("failed") });
      expect(JSON.parse(await spillway(system, "policy", "get", "edge.share"))).toBe(20);
      const { looks }: { looks: { verdict: string; numbers: { eValue: number } }[] } = JSON.parse(
        await spillway(system, "rollout", "history", String(id), "--json"),
      );
      const evident = looks.map(({ verdict, numbers }) => [verdict === "failed", numbers.eValue >= 100]);
      expect(evident.at(-1)).toEqual([true, true]);
      expect(evident.slice(0, -1).flat()).not.toContain(true);
    });
  });

  it("no command of the page is left untried", async () => {
    await startRollout("--again");
    expect(await run("rollout", "abort")).toMatch(/aborted/);
    expect(walk.map((words) => words.join(" ")).filter((command) => !walked.has(command))).toEqual([]);
  });
}
