/** Two versions that serve side by side have different resources. */
import { expect, it } from "vitest";
import { resourceAttributes, type WorkerVersion } from "../../../../gateway/telemetry/resource.ts";
import { codesIn, tablesBelow } from "../../../support/doc-tables.ts";

const VERSION_ID = "3b7c1f00-0000-4000-8000-000000000001";

function attributesOf(version: WorkerVersion | null): Record<string, unknown> {
  return Object.fromEntries(
    resourceAttributes("isolate-1", version).map(({ key, value }) => [key, Object.values(value)[0]]),
  );
}

it("names the Worker's version, and the commit it was built from", () => {
  expect(attributesOf({ id: VERSION_ID, tag: "fc5f820aa111" })).toMatchObject({
    "service.instance.id": "isolate-1",
    "faas.version": VERSION_ID,
    "service.version": "fc5f820aa111",
  });
});

it("names no commit where none was given, and no version on a developer's machine", () => {
  expect(attributesOf({ id: VERSION_ID, tag: "" })["service.version"]).toBeUndefined();
  expect(Object.keys(attributesOf(null)).filter((key) => key.endsWith(".version"))).toEqual([]);
});

it("has every attribute that docs/reference/telemetry-spans.md lists for the gateway, and no other; fixed values are the same", () => {
  const attributes = attributesOf({ id: VERSION_ID, tag: "fc5f820aa111" });
  const [rows = []] = tablesBelow("reference/telemetry-spans.md", "Resource attributes");
  const listed = rows.filter(([, gateway]) => gateway !== "none").map(([name, gateway]) => [codesIn(name)[0], gateway]);
  expect(Object.keys(attributes).toSorted()).toEqual(listed.map(([name]) => name).toSorted());
  for (const [name = "", gateway] of listed) {
    const [fixed] = codesIn(gateway);
    if (fixed !== undefined) expect([name, attributes[name]]).toEqual([name, fixed]);
  }
});
