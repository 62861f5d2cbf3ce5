/** Imports point inward only: index → app → serve → rooms → world, refusal, policies. Rooms import only types of one another. */
const rooms = "receive|authenticate|admit|decide|edge|origin|respond|record|breaker";

export default {
  forbidden: [
    {
      name: "no-circles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "rooms-import-only-types-of-one-another",
      comment: "The breaker is the one room that others are built on.",
      severity: "error",
      from: { path: `^gateway/(${rooms})/` },
      to: {
        path: `^gateway/(${rooms})/`,
        pathNot: ["^gateway/$1/", "^gateway/breaker/"],
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "rooms-do-not-look-outward",
      severity: "error",
      from: { path: `^gateway/(${rooms})/` },
      to: { path: "^gateway/(index|app|serve|classify|ready)\\.ts$" },
    },
    {
      name: "only-the-entry-knows-the-app",
      severity: "error",
      from: { path: "^gateway/", pathNot: "^gateway/index\\.ts$" },
      to: { path: "^gateway/(index|app)\\.ts$" },
    },
    {
      name: "policies-import-nothing-of-the-gateway",
      severity: "error",
      from: { path: "^policies/" },
      to: { path: "^(gateway|lambda-origin|models|tools|bench)/" },
    },
    {
      name: "keys-import-nothing-of-the-rest",
      severity: "error",
      from: { path: "^keys/" },
      to: { path: "^(gateway|policies|lambda-origin|models|tools|bench|otlp)/" },
    },
    {
      name: "what-serves-checks-keys-and-never-makes-them",
      severity: "error",
      from: { path: "^(gateway|lambda-origin|keys)/" },
      to: { path: "^tools/keys/" },
    },
    {
      name: "otlp-is-pure-and-imports-nothing",
      severity: "error",
      from: { path: "^otlp/" },
      to: { pathNot: "^otlp/" },
    },
    {
      name: "the-wire-is-the-only-file-both-sides-import",
      severity: "error",
      from: { path: "^gateway/" },
      to: { path: "^lambda-origin/", pathNot: "^lambda-origin/contract\\.ts$" },
    },
    {
      name: "the-origin-does-not-know-the-gateway",
      severity: "error",
      from: { path: "^lambda-origin/" },
      to: { path: "^(gateway|policies|tools|bench)/" },
    },
    {
      name: "what-serves-verifies-and-never-signs",
      comment: "Keys and signing belong to whoever deploys: people, tools, and the local origin in their place.",
      severity: "error",
      from: { path: "^(gateway|lambda-origin)/", pathNot: "^lambda-origin/local/" },
      to: { path: "^models/sign/(sign-bundle|keys|folder)\\.ts$" },
    },
    {
      name: "one-adapter-each",
      comment: "The user's chosen libraries stand behind one small adapter.",
      severity: "error",
      from: {
        path: "^gateway/",
        pathNot: "^gateway/(breaker/gate|edge/onnx/|edge/tokenizer|origin/signed-fetch|record/|index)",
      },
      to: { path: "node_modules/(opossum|onnxruntime-web|@microlabs|aws4fetch|@huggingface)/" },
    },
    {
      name: "decide-is-pure",
      severity: "error",
      from: { path: "^gateway/decide/" },
      to: { pathNot: "^(gateway/decide|policies/schema)", dependencyTypesNot: ["type-only"] },
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
