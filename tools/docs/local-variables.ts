/**
 * Every setting of the programs on a developer's machine, as `docs/reference/configuration.md` shows it. `test/docs/configuration.test.ts` compares
 * the tables with the code: a variable that is read and not in a table fails, and so does one that no code reads.
 */
import { NOT_SET, OTLP, OTLP_HEADERS, OTLP_METRICS, OTLP_METRICS_HEADERS, type VariableGroup } from "./variable.ts";

export const START: readonly VariableGroup[] = [
  {
    title: "Addresses and folders",
    about: "`npm start` and the commands that work on its state read these.",
    variables: [
      { name: "SPILLWAY_PORT", default: "8787", meaning: "Port of the gateway." },
      { name: "SPILLWAY_CONTROL_PORT", default: "8788", meaning: "Port of the control plane, which has the ledger." },
      { name: "SPILLWAY_ORIGIN_PORT", default: "8790", meaning: "Port of the local origin." },
      { name: "SPILLWAY_OTLP_PORT", default: "4318", meaning: "Port of the trace viewer." },
      {
        name: "SPILLWAY_ORIGIN_URL",
        default: NOT_SET,
        meaning:
          "URL of another origin. No local origin is started then, and `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` must be set.",
      },
      { name: "SPILLWAY_MODEL_DIR", default: "models/mail-tagger", meaning: "Folder of the model package." },
      {
        name: "SPILLWAY_STATE_DIR",
        default: ".spillway and .wrangler/state",
        meaning: "One folder for all local state: KV, R2, logs and the signing key.",
      },
      { name: "AWS_REGION", default: "us-east-1", meaning: "Region that calls of the origin are signed for." },
      { name: "AWS_ACCESS_KEY_ID", default: "a new one per run", meaning: "Access key for `SPILLWAY_ORIGIN_URL`." },
      { name: "AWS_SECRET_ACCESS_KEY", default: "a new one per run", meaning: "Its secret half." },
      {
        name: "AWS_SESSION_TOKEN",
        default: NOT_SET,
        meaning: "Session token of temporary credentials, for `SPILLWAY_ORIGIN_URL`. The local origin ignores it.",
      },
    ],
  },
  {
    title: "Handed to the gateway and the origin",
    about: "The meaning is that of the gateway's variable of the same name.",
    variables: [
      {
        name: "ANONYMOUS_ACCESS",
        default: "allowed",
        meaning: "The gateway binds to localhost, so keys are optional.",
      },
      { name: "ANONYMOUS_RATE", default: "unlimited", meaning: "Requests per minute and IP address without a key." },
      {
        name: "OPERATOR_TOKEN",
        default: NOT_SET,
        meaning: "Token for the details of `/readyz` and for the console, which is open on this machine without it.",
      },
      {
        name: "READ_ONLY_TOKEN",
        default: NOT_SET,
        meaning: "A second token for the console, whose holder changes nothing. It needs `OPERATOR_TOKEN`.",
      },
      {
        name: "CORS_ORIGINS",
        default: "that of `wrangler.toml`",
        meaning: "Web origins whose pages may read answers.",
      },
      {
        name: "OTEL_EXPORTER_OTLP_ENDPOINT",
        default: "the local trace viewer",
        meaning: "Another OTLP backend. The trace viewer is not started then, and the variables below are handed on.",
      },
      ...OTLP_HEADERS,
      ...OTLP.slice(1),
      ...OTLP_METRICS,
      OTLP_METRICS_HEADERS,
    ],
  },
];

export const LOCAL_LAMBDA: readonly VariableGroup[] = [
  {
    title: "Variables",
    about: "`npx node tools/local-lambda/main.ts` serves the origin without a gateway. `npm start` sets these itself.",
    variables: [
      { name: "AWS_ACCESS_KEY_ID", default: null, meaning: "Access key that calls must be signed with." },
      { name: "AWS_SECRET_ACCESS_KEY", default: null, meaning: "Its secret half." },
      { name: "AWS_SESSION_TOKEN", default: NOT_SET, meaning: "Session token that calls must carry." },
      { name: "AWS_REGION", default: "us-east-1", meaning: "Region that calls must be signed for." },
      { name: "SPILLWAY_ORIGIN_PORT", default: "8790", meaning: "Port. 0 chooses a free one." },
      {
        name: "SPILLWAY_ORIGIN_CONCURRENCY",
        default: "10",
        meaning: "Instances at most, like Lambda's reserved concurrency.",
      },
      { name: "SPILLWAY_ORIGIN_TIMEOUT_MS", default: "30000", meaning: "Timeout of one invocation." },
      { name: "SPILLWAY_ORIGIN_WARM_MS", default: "300000", meaning: "An idle instance ends after this time." },
      { name: "SPILLWAY_ORIGIN_PREWARM", default: "0", meaning: "Instances that are started before the ready line." },
      {
        name: "SPILLWAY_ORIGIN_HANDLER",
        default: "lambda-origin/handler.handler",
        meaning: "`<module>.<export>`, as Lambda writes a handler, with a path.",
      },
      { name: "SPILLWAY_MODEL_DIR", default: "models/mail-tagger", meaning: "Folder of the model package." },
      {
        name: "MODEL_PUBLIC_KEY",
        default: "a new key per run",
        meaning:
          "Public key of the package's signature. Without it a key is made and the package is signed for this run.",
      },
      {
        name: "SPILLWAY_MODEL_SIGNATURE",
        default: "model.sig in the package",
        meaning: "Path of the signature. Needs `MODEL_PUBLIC_KEY`.",
      },
    ],
  },
];

export const TOOLS: readonly VariableGroup[] = [
  {
    title: "Variables",
    about: "Read by `npx spillway`, `npm run deploy` and the scripts in `tools/` and `models/`.",
    variables: [
      {
        name: "SPILLWAY_STATE_DIR",
        default: ".spillway and .wrangler/state",
        meaning: "Folder of the local state that `--local` commands read and write.",
      },
      {
        name: "SPILLWAY_MODEL_DIR",
        default: "models/mail-tagger",
        meaning: "Package that `spillway explain`, the benchmarks and `npm run model:evaluate` use.",
      },
      {
        name: "SPILLWAY_PYTHON",
        default: "python3",
        meaning: "Python with onnxruntime, which `spillway model pack` quantizes with.",
      },
      { name: "VISUAL", default: NOT_SET, meaning: "Editor of `spillway policy edit`." },
      { name: "EDITOR", default: NOT_SET, meaning: "Editor of `spillway policy edit` where `VISUAL` is not set." },
      { name: "NO_COLOR", default: NOT_SET, meaning: "Any value turns colours off." },
      {
        name: "USER",
        default: "the system's user name",
        meaning: "Author in the policy's history where git has no user.",
      },
      {
        name: "CLOUDFLARE_API_TOKEN",
        default: "the login of wrangler",
        meaning: "Read by wrangler, for `--remote` and `npm run deploy` in CI.",
      },
      { name: "CLOUDFLARE_ACCOUNT_ID", default: "the only account", meaning: "Read by wrangler, like the token." },
      {
        name: "SPILLWAY_CFN_LINT_VENV",
        default: ".spillway/cfn-lint",
        meaning: "Python environment of `tools/checks/check-template.sh`.",
      },
      {
        name: "SPILLWAY_SIGNING_VENV",
        default: ".spillway/model-signing",
        meaning: "Python environment of `tools/checks/signature-reference.sh`.",
      },
      {
        name: "SPILLWAY_TRAIN_VENV",
        default: ".spillway/train-venv",
        meaning: "Python environment of `models/mail-tagger-recipe/run.sh`.",
      },
      { name: "PYTHON", default: "python3", meaning: "Python that the two check scripts make their environment with." },
    ],
  },
];

export const TESTS: readonly VariableGroup[] = [
  {
    title: "Variables",
    about: "`npm test` needs none.",
    variables: [
      {
        name: "SPILLWAY_HOSTILE_SEED",
        default: "a new one per run",
        meaning:
          "Seed of the generated hostile requests, of the fuzzers of formats and of the longer property tests. A run prints its seed; the same seed gives the same inputs.",
      },
      {
        name: "SPILLWAY_HOSTILE_REQUESTS",
        default: "10000",
        meaning: "Number of generated hostile requests. `.ci/run` sets 100000.",
      },
      {
        name: "SPILLWAY_NIGHTLY",
        default: "0",
        meaning:
          "Set to 1 for 1,000,000 hostile requests, and a hundred times as many runs of the fuzzers of formats and of the longer property tests, as `.ci/nightly` runs them.",
      },
      {
        name: "SPILLWAY_EXPERIMENT_TEXTS",
        default: "200",
        meaning: "Texts that the end-to-end test of the ledger sends; a multiple of 20. `.ci/run` sets 2000.",
      },
      {
        name: "NODE_COMPILE_CACHE",
        default: ".spillway/compile-cache",
        meaning: "Node's folder for compiled code, so that the processes that tests start compile it once.",
      },
    ],
  },
];
