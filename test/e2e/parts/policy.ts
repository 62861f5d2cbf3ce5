/** The policy of a running system: changed by the `spillway` command and by plain wrangler while requests are answered. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { SHORT } from "../../support/texts.ts";
import { spillway, spillwayProcess } from "../support/spillway.ts";
import { storePolicy } from "../support/stored.ts";
import { classify, type Running, until, wrangler } from "../support/system.ts";

const RESIDENCY = { rules: [{ countries: ["US"], allow: ["edge"] }], unknown: "refuse" };

/** @param started a system whose policy was never changed */
export function policyTests(started: () => Running): void {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "spillway-policies-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  afterEach(() => void vi.unstubAllEnvs());
  let system: Running;
  beforeAll(() => {
    system = started();
  });

  /** An editor that runs a line of a shell on the file, which is `$1`. */
  async function useEditor(line: string): Promise<void> {
    const script = join(folder, "editor");
    await writeFile(script, `#!/bin/sh\n${line}\n`);
    await chmod(script, 0o755);
    vi.stubEnv("VISUAL", script);
    // The file of a rejected edit is removed with the test.
    vi.stubEnv("TMPDIR", folder);
  }

  describe("a running system", () => {
    const policy = (...words: string[]) => spillway(system, "policy", ...words);
    const history = async () => JSON.parse(await spillway(withoutPorts(system), "policy", "history", "--json"));

    async function inForce(version: string, because: string, atMostMs?: number): Promise<void> {
      const isInForce = async () => {
        const { headers } = await classify(system, SHORT);
        return headers.get("x-spillway-policy") === version && headers.get("x-spillway-because") === because;
      };
      await until(`version ${version}`, isInForce, atMostMs);
    }

    it("uses a new value within the time that the command reports", async () => {
      const printed = await policy("set", "edge.share", "0", "-m", "stop the rollout", "--author", "Ann");
      expect(printed).toMatch(
        /^version 1: edge\.share 100 \(default\) → 0\nin force in this location within 35 s, by \d\d:\d\d:\d\d$/,
      );
      await inForce("1", "outside-share", 35_000);
      expect(await policy("get", "edge.share")).toBe("0");
    });

    it("is restored by a rollback, which is a new version", async () => {
      await policy("set", "edge.share", "100");
      await policy("rollback", "1");
      await inForce("3", "outside-share");
      expect(await policy("diff", "1", "3")).toBe("Versions 1 and 3 are the same.");
      expect(await history()).toMatchObject([
        { name: "3", lastStored: true, changes: "edge.share 100 → 0", message: "rollback to 1" },
        { name: "2", lastStored: false, isolates: expect.any(Number) },
        { name: "1", author: "Ann", message: "stop the rollout" },
      ]);
    });

    it("rejects an invalid policy and saves nothing", async () => {
      await expect(policy("set", "edge.shar", "5")).rejects.toThrow(/^edge\.shar: unknown key; did you mean share\?/);
      await expect(policy("set", "edge.share", "101")).rejects.toThrow(/^edge\.share: 101 is not allowed; must be /);
      await expect(policy("rollback", "77")).rejects.toThrow(
        /^There is no version "77" in the history, which contains 1 to 3/,
      );
      expect(await history()).toHaveLength(3);
    });

    it("uses an edit by plain wrangler, which the history lists", async () => {
      // The gateway of this machine has one country for every caller, for which the first rule is.
      const document = { edge: { share: 100 }, residency: RESIDENCY };
      await wrangler(system, "kv", "key", "put", "policy", JSON.stringify(document), "--binding", "POLICIES");
      expect(await policy("history")).toMatch(
        /● {2}0 +(\d+ +)?seen .* outside the spillway command +Texts from US may go only to the edge; before, they could go to both sides\. Texts from unknown countries are refused; .*\. edge\.share 0 → 100\./,
      );
      await inForce("0", "residency");
      expect(JSON.parse(await policy("get"))).toEqual(document);
    });

    it("is explained by the policy that is in force, for the country that the gateway has seen", async () => {
      const explained = await spillway(system, "explain", "--text", SHORT);
      expect(explained).toMatch(/^policy +version 0, stored on this machine\n/);
      expect(explained).toMatch(/\ncaller +country US \(assumed, as every caller of npm start has it; /);
      expect(explained).toMatch(/\ndecision +edge, because residency\n/);
      expect(await history()).toHaveLength(4);
    });

    it("keeps the last valid policy while an invalid one is stored, which the history shows as rejected", async () => {
      await policy("set", "edge.share", "0");
      await inForce("4", "residency");
      await storePolicy(system, '{"version": 5, "edge": {"share": 1000}}');
      await until("the problem in /readyz", async () => {
        await classify(system, SHORT);
        return (await (await fetch(`${system.gateway}/readyz`)).json()).policy.problem;
      });
      expect((await classify(system, SHORT)).headers.get("x-spillway-policy")).toBe("4");
      expect(await policy("history")).toMatch(
        /○ {2}5 +(\d+ +)?seen .* rejected: edge\.share: 1000 is not allowed.*\n● {2}4 /,
      );
      expect(await policy("set", "edge.share", "100")).toMatch(/^version 6: edge\.share 0 → 100/);
      expect(JSON.parse(await policy("get", "residency"))).toEqual(RESIDENCY);
      expect(await policy("get", "--at", "5")).toContain('"share": 1000');
      await inForce("6", "residency");
    });

    it("uses an edit in the editor", async () => {
      await useEditor(`sed -i 's/"share": 100/"share": 0/' "$1"`);
      expect(await spillwayProcess(system, "policy", "edit", "--yes", "-m", "by hand")).toMatch(
        /^version 7: edge\.share 100 → 0/,
      );
      await inForce("7", "residency");
      expect(JSON.parse(await policy("get"))).toEqual({
        $schema: "policies/policy.schema.json",
        version: 7,
        edge: { share: 0 },
        residency: RESIDENCY,
      });
    });

    /** The file of an edit that was in conflict. */
    let kept: string;

    it("saves nothing of an edit that is invalid, not confirmed or in conflict, and keeps its file", async () => {
      await useEditor(`sed -i 's/"share": 0/"shar": 0/' "$1"`);
      await expect(policy("edit", "--yes")).rejects.toThrow(
        /edge\.shar: unknown key; did you mean share\?\nThe policy is invalid\. Nothing was saved\. Your edit is kept in \S+\. To save it: npx spillway policy apply \S+$/,
      );
      await useEditor(`sed -i 's/"share": 0/"share": 0, "share": 100/' "$1"`);
      await expect(policy("edit", "--yes")).rejects.toThrow(
        /^.*edge\.share: the key is given twice, at line 5, column 5 and at line 5, column 17; remove one\nThe policy is invalid\. Nothing was saved\. Your edit is kept in \S+\./,
      );
      await useEditor(`sed -i 's/"share": 0/"share": 5/' "$1"`);
      await expect(policy("edit")).rejects.toThrow(
        /edge\.share +0 +→ +5\nNot a terminal: pass --yes to save without confirmation\./,
      );
      const set = `${process.execPath} tools/spillway/main.ts policy set edge.share 50 --author Ben`;
      await useEditor(`${set} > /dev/null && sed -i 's/"share": 0/"share": 5/' "$1"`);
      const conflict = await policy("edit", "--yes").catch(({ message }: Error) => message);
      expect(conflict).toMatch(/^.*Conflict: Ben saved version 8 after you started\. Nothing was saved\. /s);
      kept = /npx spillway policy apply (\S+)$/.exec(conflict)?.[1] ?? "";
      await useEditor("true");
      expect(await policy("edit", "--yes")).toBe("No changes. Nothing was saved.");
      expect(await policy("get", "edge.share")).toBe("50");
    });

    it("saves a kept edit by apply: not while it would undo another version, and with the checks of edit", async () => {
      await expect(policy("apply", kept, "--yes")).rejects.toThrow(
        /edge\.share +50 +→ +5\nConflict: \S+ was made from version 7, and version 8 was saved since, by Ben\. Nothing was saved\. .*policy diff 7 8/,
      );
      const merged = JSON.parse(await readFile(kept, "utf8"));
      await writeFile(kept, JSON.stringify({ ...merged, version: 8 }));
      await expect(policy("apply", kept)).rejects.toThrow(/Not a terminal: pass --yes to save without confirmation\.$/);
      expect(await policy("apply", kept, "--yes", "-m", "merged")).toMatch(/^version 9: edge\.share 50 → 5\n/);
      expect(await policy("apply", kept, "--yes")).toBe("No changes. Nothing was saved.");
      await writeFile(kept, '{"edge": {"shar": 5}}');
      await expect(policy("apply", kept, "--yes")).rejects.toThrow(
        /edge\.shar: unknown key; did you mean share\?\n\S+ is not a policy that the gateway accepts\. Nothing was saved\.$/,
      );
      await writeFile(kept, '{"edge": {"share": 5, "share": 50}}');
      await expect(policy("apply", kept, "--yes")).rejects.toThrow(
        /^.*edge\.share: the key is given twice, at line 1, column 11 and at line 1, column 23; remove one\n\S+ is not a policy that the gateway accepts\. Nothing was saved\.$/,
      );
      await writeFile(
        kept,
        '{"edge": {"share": 5}, "residency": {"rules": [{"countries": ["EU"], "allow": ["edge"]}]}}',
      );
      expect(await policy("apply", kept, "--yes")).toMatch(
        /^version 10: texts from the EU may go only to the edge; before, they could go to both sides\n {2}texts from US may go to both sides; before, they could go only to the edge\n {2}texts from unknown countries may go to both sides; before, they were refused\n/,
      );
    });
  });
}

/** From a shell without the variables of the ports: the lock of npm start has them. */
function withoutPorts({ stateFolder, withStores }: Running): Pick<Running, "stateFolder" | "withStores"> {
  return { stateFolder, withStores };
}
