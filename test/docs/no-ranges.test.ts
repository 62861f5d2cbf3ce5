/** The installed dependencies are the tested ones: exact versions, each with the hash of its bytes, and only named install scripts. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { ALLOWED_LICENCES } from "../../tools/sbom/bill.ts";

interface Locked {
  version?: string;
  resolved?: string;
  integrity?: string;
  link?: boolean;
  hasInstallScript?: boolean;
  license?: string;
  dev?: boolean;
  devOptional?: boolean;
}
const lock: { packages: Record<string, Locked> } = JSON.parse(
  readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8"),
);
const installed = Object.entries(lock.packages).filter(([path]) => path !== "");

describe("dependencies", () => {
  it.each(Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }))(
    "%s %s is one version",
    (_, version) => {
      expect(version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    },
  );

  // What a build puts into an artifact is checked by npm run sbom, of which some is installed for development.
  it("that ship have a licence of the list: permissive, and compatible with Apache-2.0", () => {
    const shipped = installed.filter(([, { dev = false, devOptional = false }]) => !dev && !devOptional);
    expect(shipped.length).toBeGreaterThan(50);
    const others = shipped.filter(([, { license = "none" }]) => !ALLOWED_LICENCES.includes(license));
    expect(others.map(([path, { license = "none" }]) => `${path}: ${license}`)).toEqual([]);
  });

  it("are all locked by the SHA-512 of their download", () => {
    expect(installed.length).toBeGreaterThan(100);
    const unhashed = installed.filter(([, { integrity }]) => !integrity?.startsWith("sha512-")).map(([path]) => path);
    expect(unhashed).toEqual([]);
  });

  it("run install scripts only if package.json names them", () => {
    const named = Object.keys(manifest.allowScripts);
    const withScript = installed.filter(([, { hasInstallScript }]) => hasInstallScript);
    const unnamed = withScript
      .map(([path]) => path.split("node_modules/").at(-1) ?? "")
      .filter((name) => !named.includes(name) && name !== "fsevents");
    expect(unnamed).toEqual([]);
  });
});
