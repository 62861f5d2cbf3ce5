import { describe, expect, it } from "vitest";
import { checkSize } from "../../../../tools/deploy/check-bundle.ts";
import { checkEngines } from "../../../../tools/deploy/check-engines.ts";
import { checkCommit } from "../../../../tools/deploy/commit.ts";
import {
  checkServedVersions,
  servedVersions,
  shareCommands,
  uploadArguments,
} from "../../../../tools/deploy/upload.ts";
import { problems } from "./findings.ts";

describe("the bundle", () => {
  it("is refused over 10 MB gzipped", () => {
    const bundle = { sha256: "0".repeat(64), rawBytes: 0, wasmBytes: 14_000_000, engines: [] };
    expect(problems(checkSize({ ...bundle, gzipBytes: 10_000_000 }))).toEqual([]);
    expect(problems(checkSize({ ...bundle, gzipBytes: 10_000_001 }))).toEqual([
      "bundle: is too large: 10.00 MB gzipped (limit: 10 MB)",
    ]);
  });

  it("is refused without an engine that it should have, and with onnxruntime-web if the switch leaves that out", () => {
    const [ours, ort] = ["spillway-engine", "onnxruntime-web"] as const;
    expect(problems(checkEngines([ours, ort], true))).toEqual([]);
    expect(problems(checkEngines([ours], false))).toEqual([]);
    expect(problems(checkEngines([ours], true))).toEqual([
      "engine: onnxruntime-web is not in the bundle: packages for it cannot run at the edge",
    ]);
    expect(problems(checkEngines([ort], true))).toEqual([
      "engine: spillway-engine is not in the bundle: packages for it cannot run at the edge",
    ]);
    expect(problems(checkEngines([ours, ort], false))).toEqual([
      'engine: onnxruntime-web is in the bundle although INCLUDE_ONNXRUNTIME_WEB is "false"',
    ]);
  });
});

describe("the versions that serve now", () => {
  const status = (...versions: [string, number][]) => ({
    code: 0,
    stdout: JSON.stringify({ versions: versions.map(([version_id, percentage]) => ({ version_id, percentage })) }),
    stderr: "",
  });
  const failed = (stderr: string) => servedVersions({ code: 1, stdout: "", stderr });
  const known = (run: ReturnType<typeof status>) => {
    const served = servedVersions(run);
    if (typeof served === "string") throw new Error(served);
    return served;
  };

  it("stop an upload while a gradual deployment is in progress", () => {
    const split = known(status(["old", 90], ["new", 10]));
    expect(problems(checkServedVersions(split, "production"))).toEqual([
      "served now: a gradual deployment is in progress: old 90 %, new 10 %",
    ]);
    expect(problems(checkServedVersions(known(status(["old", 100])), "production"))).toEqual([]);
  });

  it.each([
    "✘ [ERROR] A request to the Cloudflare API (/accounts/1/workers/scripts/spillway/deployments) failed.\n\n  This Worker does not exist on your account. [code: 10007]\n",
    "✘ [ERROR] The Worker spillway has no deployments.",
  ])("are none before the first deployment", (stderr) => {
    expect(failed(stderr)).toBeNull();
    expect(checkServedVersions(null, "production")).toEqual([]);
  });

  it("are not known if wrangler fails: its reason is passed on, and nothing is uploaded", () => {
    expect(failed("✘ [ERROR] A request failed.\n\n  Authentication error [code: 10000]\n")).toBe(
      "✘ [ERROR] A request failed. Authentication error [code: 10000]",
    );
    expect(servedVersions({ code: null, stdout: "", stderr: "fetch failed" })).toBe("fetch failed");
    expect(servedVersions({ code: 0, stdout: "{}", stderr: "" })).toBe("its output is no deployment: {}");
  });
});

describe("an upload", () => {
  const commit = { tag: "fc5f820aa111", message: "why it was done", changedFiles: 0 };
  const options = { config: "wrangler.toml", env: "production", gradual: false };

  it("has the commit's tag and message, and none without git", () => {
    expect(uploadArguments(options, commit).join(" ")).toBe(
      "deploy --config wrangler.toml --env production --strict --tag fc5f820aa111 --message why it was done",
    );
    expect(uploadArguments({ ...options, gradual: true }, null)).toEqual(
      "versions upload --config wrangler.toml --env production --strict".split(" "),
    );
  });

  it("that receives no traffic yet is followed by the commands for 10, 50 and 100 %", () => {
    const uploaded = { command: "", versionId: "new", addresses: [] };
    expect(shareCommands(uploaded, [{ versionId: "old", percent: 100 }], "production")).toEqual([
      "npx wrangler versions deploy new@10 old@90 --env production --yes",
      "npx wrangler versions deploy new@50 old@50 --env production --yes",
      "npx wrangler versions deploy new@100 --env production --yes",
    ]);
  });

  it("of a checkout that differs from the commit is warned of", () => {
    expect(checkCommit(commit).state).toBe("ok");
    expect(checkCommit({ ...commit, changedFiles: 2 }).state).toBe("warning");
    expect(checkCommit(null).state).toBe("warning");
  });
});
