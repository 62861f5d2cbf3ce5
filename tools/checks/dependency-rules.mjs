/**
 * Import direction. Programs import formats, never one another:
 * formats ← engine, policies ← gateway | control-plane | lambda-origin ← tools ← models ← test.
 * A type-only import counts as an import everywhere except between the gateway's verbs.
 */
const LAYERS = [
  ["formats", []],
  ["engine", []],
  ["policies", ["formats"]],
  ["gateway", ["formats", "engine", "policies"]],
  ["control-plane", ["formats", "policies"]],
  ["lambda-origin", ["formats"]],
  ["tools", ["formats", "engine", "policies", "gateway", "control-plane", "lambda-origin"]],
  ["models", ["formats", "engine", "policies", "gateway", "control-plane", "lambda-origin", "tools"]],
];

const FOLDERS = [...LAYERS.map(([folder]) => folder), "test"].join("|");

const VERBS = "authenticate|receive|admit|decide|dispatch|respond|record";
const NOUNS = "edge|origin|resilience|telemetry";

/** One rule per layer: it may import itself and what it is listed with, of everything in this repository. */
const layerRules = LAYERS.map(([folder, allowed]) => ({
  name: `${folder}-imports-only-lower-layers`,
  severity: "error",
  from: { path: `^${folder}/` },
  to: { path: `^(${FOLDERS})/`, pathNot: `^(${[folder, ...allowed].join("|")})/` },
}));

export default {
  forbidden: [
    { name: "no-module-cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "no-folder-cycles", severity: "error", scope: "folder", from: {}, to: { circular: true } },
    ...layerRules,
    {
      name: "verbs-import-only-types-of-one-another",
      severity: "error",
      from: { path: `^gateway/(${VERBS})/` },
      to: { path: `^gateway/(${VERBS})/`, pathNot: "^gateway/$1/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "nouns-import-only-types-of-verbs",
      severity: "error",
      from: { path: `^gateway/(${NOUNS})/` },
      to: { path: `^gateway/(${VERBS})/`, dependencyTypesNot: ["type-only"] },
    },
    {
      name: "folders-do-not-import-entry-or-handlers",
      severity: "error",
      from: { path: "^gateway/[^/]+/" },
      to: { path: "^gateway/(index|compose|app|serve|readyz|read-policy)\\.ts$" },
    },
    {
      name: "decide-is-pure",
      severity: "error",
      from: { path: "^gateway/decide/" },
      // A hash is pure too.
      to: { pathNot: "^(gateway/decide/|formats/murmur3\\.ts$)", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "shards-and-root-meet-in-their-ports",
      severity: "error",
      from: { path: "^control-plane/(shard|root)/" },
      to: { path: "^control-plane/(shard|root)/", pathNot: "^control-plane/$1/" },
    },
    {
      name: "one-adapter-per-foreign-library",
      severity: "error",
      from: {
        path: "^gateway/",
        pathNot: "^gateway/(resilience/breaker/gate|edge/onnx/|origin/signed-fetch|telemetry/|index)",
      },
      to: { path: "node_modules/(opossum|onnxruntime-web|@microlabs|aws4fetch)/" },
    },
    {
      name: "reference-tokenizers-only-compare",
      severity: "error",
      from: { pathNot: "^tools/tokenizer-check/" },
      to: { path: "node_modules/tokenizers/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "default"],
      extensions: [".ts", ".mjs", ".js"],
    },
  },
};
