/** Whose telemetry it is: two versions that serve side by side can be told apart. */
import { beforeEach, expect, it, vi } from "vitest";
import { codesIn, tablesBelow } from "../../../support/doc-tables.ts";

beforeEach(() => void vi.resetModules());

async function attributesAs(version: { id: string; tag: string } | undefined): Promise<Record<string, unknown>> {
  const { resource, runsAs } = await import("../../../../gateway/telemetry/resource.ts");
  runsAs(version);
  return Object.fromEntries(resource().map(({ key, value }) => [key, Object.values(value)[0]]));
}

it("names the Worker's version, and the commit it was built from", async () => {
  const attributes = await attributesAs({ id: "3b7c1f00-0000-4000-8000-000000000001", tag: "fc5f820aa111" });
  expect(attributes).toMatchObject({
    "faas.version": "3b7c1f00-0000-4000-8000-000000000001",
    "service.version": "fc5f820aa111",
  });
});

it("names no commit where none was given, and no version on this machine", async () => {
  const untagged = await attributesAs({ id: "3b7c1f00-0000-4000-8000-000000000001", tag: "" });
  expect(untagged["service.version"]).toBeUndefined();
  vi.resetModules();
  expect(Object.keys(await attributesAs(undefined)).filter((key) => key.endsWith(".version"))).toEqual([]);
});

it("is what docs/reference/telemetry-spans.md says of the gateway, all of it, and fixed values as they are", async () => {
  const attributes = await attributesAs({ id: "3b7c1f00-0000-4000-8000-000000000001", tag: "fc5f820aa111" });
  const [rows = []] = tablesBelow("reference/telemetry-spans.md", "Whose telemetry it is");
  const listed = rows.filter(([, gateway]) => gateway !== "none").map(([name, gateway]) => [codesIn(name)[0], gateway]);
  expect(Object.keys(attributes).toSorted()).toEqual(listed.map(([name]) => name).toSorted());
  for (const [name = "", gateway] of listed) {
    const [fixed] = codesIn(gateway);
    if (fixed !== undefined) expect([name, attributes[name]]).toEqual([name, fixed]);
  }
});
