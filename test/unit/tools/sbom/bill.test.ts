/** The bill of materials of one artifact: what is in it, and which licences are refused. */
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { CHECKOUT_FOLDER } from "../../../../tools/process/checkout.ts";
import { packagesIn } from "../../../../tools/sbom/artifacts.ts";
import { billOf, licenceProblems } from "../../../../tools/sbom/bill.ts";
import type { Bill, Component } from "../../../../tools/sbom/npm-bill.ts";

const component = (ref: string, more: Partial<Component> = {}): Component => {
  const [name = "", version = ""] = ref.split("@");
  return { "bom-ref": ref, name, version, licenses: [{ license: { id: "MIT" } }], ...more };
};
const EVERYTHING: Bill = {
  bomFormat: "CycloneDX",
  metadata: { component: component("spillway@1.0.0", { name: "some-folder", purl: "pkg:npm/spillway@1.0.0" }) },
  components: [
    component("outer@1.0.0"),
    component("inner@2.0.0", {
      scope: "optional",
      properties: [{ name: "cdx:npm:package:development", value: "true" }],
    }),
    component("inner@3.0.0"),
  ],
  dependencies: [
    { ref: "spillway@1.0.0", dependsOn: ["outer@1.0.0", "inner@3.0.0"] },
    { ref: "outer@1.0.0", dependsOn: ["inner@2.0.0"] },
    { ref: "inner@2.0.0", dependsOn: [] },
    { ref: "inner@3.0.0", dependsOn: [] },
  ],
};
const LOCK = {
  packages: {
    "node_modules/outer": { version: "1.0.0" },
    "node_modules/outer/node_modules/inner": { version: "2.0.0" },
    "node_modules/inner": { version: "3.0.0" },
  },
};
const artifact = (...packages: string[]) => ({ name: "spillway-gateway", sha256: "ab".repeat(32), packages });
const bill = billOf(artifact("node_modules/outer", "node_modules/outer/node_modules/inner"), EVERYTHING, LOCK);

describe("the bill of an artifact", () => {
  it("lists only what is in it, of the version that is in it", () => {
    expect(bill.components.map((one) => one["bom-ref"])).toEqual(["outer@1.0.0", "inner@2.0.0"]);
    expect(bill.dependencies).toEqual([
      { ref: "spillway-gateway@1.0.0", dependsOn: ["outer@1.0.0"] },
      { ref: "outer@1.0.0", dependsOn: ["inner@2.0.0"] },
      { ref: "inner@2.0.0", dependsOn: [] },
    ]);
  });

  it("names the artifact and its digest, and not the folder of the checkout", () => {
    expect(bill.metadata.component).toMatchObject({
      name: "spillway-gateway",
      hashes: [{ alg: "SHA-256", content: "ab".repeat(32) }],
    });
    expect(JSON.stringify(bill)).not.toContain("some-folder");
  });

  it("counts a package that npm installs for development as required, if it ships", () => {
    expect(bill.components[1]).toMatchObject({ scope: "required", properties: [] });
  });

  it("is refused for a package that is not locked, or not in npm's bill", () => {
    expect(() => billOf(artifact("node_modules/other"), EVERYTHING, LOCK)).toThrow(
      "package-lock.json has no node_modules/other",
    );
    const newer = { packages: { "node_modules/outer": { version: "9.0.0" } } };
    expect(() => billOf(artifact("node_modules/outer"), EVERYTHING, newer)).toThrow("does not contain outer@9.0.0");
  });
});

describe("the licences of an artifact", () => {
  const withLicence = (licenses: Component["licenses"]) =>
    licenceProblems({ ...EVERYTHING, components: [component("a@1.0.0", { licenses })] });

  it.each([
    [[{ license: { id: "Apache-2.0" } }]],
    [[{ license: { id: "MIT" } }, { license: { id: "ISC" } }]],
    [[{ expression: "(MIT OR CC0-1.0)" }]],
  ])("%j is allowed", (licenses) => {
    expect(withLicence(licenses)).toEqual([]);
  });

  it.each([
    [undefined, "no licence"],
    [[], "no licence"],
    [[{ license: { id: "GPL-3.0-only" } }], "GPL-3.0-only"],
    [[{ license: { id: "MIT" } }, { license: { name: "SEE LICENSE" } }], "MIT, SEE LICENSE"],
    [[{ expression: "MIT AND GPL-3.0-only" }], "MIT AND GPL-3.0-only"],
  ])("%j is refused, with the list", (licenses, shown) => {
    expect(withLicence(licenses)).toEqual([expect.stringMatching(`^a@1.0.0 has ${shown}; what ships has one of MIT,`)]);
  });
});

describe("what esbuild reports of a build", () => {
  const inputs = {
    "node_modules/outer/index.js": { bytesInOutput: 5 },
    "node_modules/outer/node_modules/@scope/inner/a/b.js": { bytesInOutput: 1 },
    "node_modules/left-out/index.js": { bytesInOutput: 0 },
    "gateway/index.ts": { bytesInOutput: 9 },
    "node-built-in-modules:events": { bytesInOutput: 59 },
  };

  it("gives the packages of which a byte is in the output, by their folder in the lock file", () => {
    const expected = ["node_modules/outer", "node_modules/outer/node_modules/@scope/inner"];
    expect(packagesIn({ outputs: { "index.js": { inputs } } }, CHECKOUT_FOLDER)).toEqual(expected);
    const below = Object.fromEntries(Object.entries(inputs).map(([path, input]) => [`../${path}`, input]));
    const metafile = { outputs: { "index.js": { inputs: below } } };
    expect(packagesIn(metafile, resolve(CHECKOUT_FOLDER, "control-plane"))).toEqual(expected);
  });
});
