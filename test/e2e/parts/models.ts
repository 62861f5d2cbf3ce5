/** A model in a running system: signed, published, rolled out and back by policy edits, refused after tampering. Then the system dies. */
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { modelIdOf, objectKey, shortModelId } from "../../../formats/model-package/names.ts";
import { sha256Hex } from "../../../formats/sha256.ts";
import { SHORT } from "../../support/texts.ts";
import { writeChangedPackage } from "../support/changed-package.ts";
import { spillway } from "../support/spillway.ts";
import { applyPolicy, storeModelFile, storePolicy, useDefaults } from "../support/stored.ts";
import { allGone, classify, descendants, findDescendant, type Running, until } from "../support/system.ts";
import { rootOf } from "../support/traces.ts";

const MANIFEST = new URL("../../../models/mail-tagger/manifest.json", import.meta.url);

/** @param started a system, which ends with the last test */
export function modelTests(started: () => Running): void {
  let system: Running;
  let folder: string;
  let signingKey: string;
  beforeAll(async () => {
    system = started();
    signingKey = join(system.stateFolder, "local-signing.pem");
    folder = await mkdtemp(join(tmpdir(), "spillway-models-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** The mail tagger again, as another version: another manifest, so another digest. */
  async function mailTaggerOfVersion(version: number): Promise<string> {
    const copy = join(folder, `version-${version}`);
    await writeChangedPackage(copy, { version });
    return copy;
  }

  const edgeState = async () => (await (await fetch(`${system.gateway}/readyz`)).json()).edge;

  describe("a new version of the model", () => {
    it("is rolled out and back by policy edits while every request is answered", async () => {
      const before = shortModelId(modelIdOf("mail-tagger", sha256Hex(await readFile(MANIFEST))));
      await useDefaults(system);
      await answeredAtTheEdgeBy(before);
      const copy = await mailTaggerOfVersion(2);
      await spillway(system, "model", "sign", copy, "--key", signingKey);
      const modelId = await spillway(system, "model", "publish", copy, "--local");
      expect(modelId).toMatch(/^mail-tagger@[0-9a-f]{64}$/);
      expect(shortModelId(modelId)).not.toBe(before);

      await storePolicy(system, { version: 1, model: modelId });
      await answeredAtTheEdgeBy(shortModelId(modelId));
      await storePolicy(system, { version: 2 });
      await answeredAtTheEdgeBy(before);
    });

    /** Asks until the edge answers with the model. Each answer before that must be a good one too. */
    async function answeredAtTheEdgeBy(model: string): Promise<void> {
      await until(`the edge's answer by ${model}`, async () => {
        const { status, headers, body } = await classify(system, SHORT);
        expect(status).toBe(200);
        expect(body[0][0].label).toBe("spam");
        return headers.get("x-spillway-route") === "edge" && headers.get("x-spillway-model") === model;
      });
    }
  });

  describe("a package with a changed file", () => {
    it("never runs: requests spill, /readyz and the trace name the reason, and a repaired one is accepted", async () => {
      const copy = await mailTaggerOfVersion(3);
      await spillway(system, "model", "sign", copy, "--key", signingKey);
      const modelId = await spillway(system, "model", "publish", copy, "--local");
      const key = objectKey(modelId, "tokenizer_config.json");
      const good = await readFile(join(copy, "tokenizer_config.json"), "utf8");
      await storeModelFile(system, key, Buffer.from(good.replace("true", "tru3")));
      await storePolicy(system, { version: 3, model: modelId });

      await until("the rejection", async () => (await edgeState()).state === "rejected");
      expect((await edgeState()).reason).toBe("sha256 of tokenizer_config.json");
      const spilled = await classify(system, SHORT);
      expect([spilled.status, spilled.headers.get("x-spillway-route")]).toEqual([200, "origin"]);
      expect(spilled.headers.get("x-spillway-because")).toBe("edge-unavailable");
      const root = await rootOf(system, spilled.headers.get("traceresponse"));
      expect(root.attributes["spillway.edge.problem"]).toBe("sha256 of tokenizer_config.json");

      await storeModelFile(system, key, Buffer.from(good));
      await until("the repaired package", async () => (await edgeState()).state === "ready");
    });
  });

  describe("publishing", () => {
    it("refuses a package that is not signed, or signed with a key that the gateway does not pin", async () => {
      const copy = await mailTaggerOfVersion(4);
      await expect(spillway(system, "model", "publish", copy, "--local")).rejects.toThrow(
        /not signed.*spillway model sign/,
      );
      await spillway(system, "model", "keygen", "--out", join(folder, "other"));
      await spillway(system, "model", "sign", copy, "--key", join(folder, "other.pem"));
      await expect(spillway(system, "model", "publish", copy, "--local")).rejects.toThrow(/signed with the key/);
    });

    it("asks for --local or --remote, and reports in one sentence that no key is pinned", async () => {
      const copy = await mailTaggerOfVersion(5);
      await expect(spillway(system, "model", "publish", copy)).rejects.toThrow(
        /^Pass one of --local and --remote: spillway model publish <package> --local$/,
      );
      await expect(spillway(system, "model", "publish", copy, "--remote")).rejects.toThrow(
        /^No key is pinned: .*keygen/,
      );
    });
  });

  it("policy set model refuses a package that was never published, and saves nothing", async () => {
    const before = await spillway(system, "policy", "get");
    const unknown = `mail-tagger@${"0".repeat(64)}`;
    await expect(spillway(system, "policy", "set", "model", unknown)).rejects.toThrow(
      /mail-tagger@0{64} is not in the bucket, .* Nothing was saved\.$/,
    );
    expect(await spillway(system, "policy", "get")).toBe(before);
  });

  describe("npm start", () => {
    const kill = async (words: string) => process.kill(await findDescendant(system, words), "SIGKILL");
    const isBack = (name: string) =>
      until(`the ${name}`, async () => system.output().includes(`✓ The ${name} is back.`));

    it("starts a trace viewer again that has died, and requests are answered meanwhile", async () => {
      await kill("autotel-devtools");
      expect((await classify(system, SHORT)).status).toBe(200);
      await isBack("trace viewer");
      expect((await fetch(`${system.viewer}/v1/traces`)).status).toBe(200);
      expect(system.output()).toMatch(
        /! The trace viewer ended \(signal SIGKILL\)\. Its log: \S+\/logs\/trace-viewer\.log/,
      );
    });

    it("starts an origin again that has died: texts fail over to the edge, then return to the origin", async () => {
      await applyPolicy(system, { version: 1000, edge: { share: 0 } });
      await until("a text at the origin, with a ready edge", async () => {
        const { headers } = await classify(system, SHORT);
        return headers.get("x-spillway-because") === "outside-share" && (await edgeState()).state === "ready";
      });
      await kill("tools/local-lambda/main.ts");
      const failedOver = await classify(system, SHORT);
      expect([failedOver.status, failedOver.headers.get("x-spillway-because")]).toEqual([200, "origin-failed"]);
      await isBack("origin");
      expect(system.output()).toMatch(
        /! The origin ended \(signal SIGKILL\)\. Its log: \S+\/logs\/origin\.log\n +The edge answers the texts that fit it;/,
      );
      expect((await classify(system, SHORT)).headers.get("x-spillway-route")).toBe("origin");
    });

    /** Last: the system ends with it. */
    it("ends when the gateway has died, with the path of its log, and ends the others", async () => {
      const pids = await descendants(system);
      await kill("gateway.json");
      const exit = await once(system.process, "exit");
      expect(exit[0]).toBe(1);
      expect(system.output()).toMatch(
        /The gateway ended unexpectedly \(signal SIGKILL\)\. The end of \S+\/logs\/gateway\.log:/,
      );
      await allGone(pids);
    });
  });
}
