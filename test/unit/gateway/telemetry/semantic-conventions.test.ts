/** The file that replaces OpenTelemetry's conventions in the bundle has every name that bundled libraries read. */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, it } from "vitest";
import * as ours from "../../../../gateway/telemetry/semantic-conventions.ts";

const PACKAGE = /^@opentelemetry\/semantic-conventions(\/incubating)?$/;
const REPLACEMENT = fileURLToPath(new URL("../../../../gateway/telemetry/semantic-conventions.ts", import.meta.url));
const LIBRARY = import.meta.resolve("@microlabs/otel-cf-workers");

/** @returns otel-cf-workers and all that it imports as one text, bundled as wrangler bundles it */
async function bundledText(): Promise<string> {
  const { metafile, outputFiles } = await build({
    entryPoints: [fileURLToPath(LIBRARY)],
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*", "cloudflare:*"],
    logLevel: "silent",
    plugins: [
      {
        name: "alias",
        setup: ({ onResolve }) => onResolve({ filter: PACKAGE }, () => ({ path: REPLACEMENT })),
      },
    ],
  });
  expect(Object.keys(metafile.inputs).filter((file) => file.includes("semantic-conventions/"))).toEqual([]);
  return outputFiles.map(({ text }) => text).join("");
}

it("has each name that they read, with the package's value", async () => {
  const require = createRequire(LIBRARY);
  const theirs = {
    ...require("@opentelemetry/semantic-conventions/incubating"),
    ...require("@opentelemetry/semantic-conventions"),
  };
  const { SemanticAttributes, ...names } = ours;
  for (const [name, value] of Object.entries(names)) expect({ [name]: theirs[name] }).toEqual({ [name]: value });
  for (const [name, value] of Object.entries(SemanticAttributes))
    expect({ [name]: theirs.SemanticAttributes[name] }).toEqual({ [name]: value });

  // An import that has no export fails the build. These reads would be undefined.
  const text = await bundledText();
  const attributes = [...text.matchAll(/\bSemanticAttributes\d*\.([A-Z_]+)/g)].map(([, name]) => name);
  const required = [...text.matchAll(/\bsemantic_conventions_\d+\.(\w+)/g)].map(([, name]) => name);
  expect(attributes.length).toBeGreaterThan(5);
  expect(required.length).toBeGreaterThan(2);
  expect(Object.keys(SemanticAttributes)).toEqual(expect.arrayContaining(attributes));
  expect(Object.keys(names)).toEqual(expect.arrayContaining(required));
});
