/**
 * Every setting of every program, as `docs/reference/configuration.md` shows it. `test/docs/configuration.test.ts` compares the
 * tables with the code: a variable that is read and not in a table fails, and so does one that no code reads.
 */

export interface Variable {
  name: string;
  /** What is in force when the variable is not set; null: it must be set. */
  default: string | null;
  meaning: string;
}

export interface VariableGroup {
  title: string;
  /** Where the values come from. */
  about: string;
  variables: readonly Variable[];
}

const NOT_SET = "not set";

/** Read by the gateway and the origin alike. */
const OTLP: readonly Variable[] = [
  {
    name: "OTEL_EXPORTER_OTLP_ENDPOINT",
    default: NOT_SET,
    meaning:
      "Base URL of an OTLP/HTTP backend; `/v1/traces`, `/v1/logs` and `/v1/metrics` are appended. Without it no telemetry is sent.",
  },
  {
    name: "OTEL_EXPORTER_OTLP_PROTOCOL",
    default: "http/json",
    meaning: "`http/json` or `http/protobuf`.",
  },
  { name: "OTEL_TRACES_EXPORTER", default: "otlp", meaning: "`none` sends no traces." },
  { name: "OTEL_LOGS_EXPORTER", default: "otlp", meaning: "`none` sends no log records." },
];

const OTLP_HEADERS: Variable = {
  name: "OTEL_EXPORTER_OTLP_HEADERS",
  default: NOT_SET,
  meaning: "Headers of every export: `name=value,name=value`, values percent-encoded. For a backend's API key.",
};

const OTLP_METRICS: Variable = {
  name: "OTEL_METRICS_EXPORTER",
  default: "otlp",
  meaning: "`none` sends no metrics. The origin has no metrics.",
};

const MODEL_PUBLIC_KEY =
  "PEM text of the public key that signed the model packages; two PEM blocks while a key is rotated.";

export const GATEWAY: readonly VariableGroup[] = [
  {
    title: "Variables",
    about: "Set in `wrangler.toml` under `[env.<name>.vars]`. A deployment puts them into effect.",
    variables: [
      {
        name: "MODEL",
        default: null,
        meaning: "`<name>@<64 hex digits>`: the model package that serves while the policy's `model` is null.",
      },
      {
        name: "MODEL_PUBLIC_KEY",
        default: null,
        meaning: `${MODEL_PUBLIC_KEY} Without it the gateway runs no model at the edge.`,
      },
      {
        name: "ORIGIN_URL",
        default: null,
        meaning: "Function URL of the origin that is called while the policy's `origins` is empty.",
      },
      { name: "ORIGIN_REGION", default: null, meaning: "AWS region that calls of `ORIGIN_URL` are signed for." },
      {
        name: "ANONYMOUS_ACCESS",
        default: "refused",
        meaning: "`allowed` accepts requests without an API key. `refused` answers them with 401.",
      },
      {
        name: "ANONYMOUS_RATE",
        default: "standard",
        meaning:
          "Requests per minute and IP address without a key: `small` (60), `standard` (600), `large` (6,000) or `unlimited`.",
      },
      {
        name: "CORS_ORIGINS",
        default: "none",
        meaning: "Web origins whose pages may read answers, separated by commas, or `*` for every page.",
      },
      ...OTLP,
      OTLP_METRICS,
    ],
  },
  {
    title: "Secrets",
    about:
      "Set with `npx wrangler secret put <name> --env <environment>`. They are in no file and cannot be read back.",
    variables: [
      { name: "AWS_ACCESS_KEY_ID", default: null, meaning: "Access key that signs calls of origins." },
      { name: "AWS_SECRET_ACCESS_KEY", default: null, meaning: "Its secret half." },
      {
        name: "OPERATOR_TOKEN",
        default: NOT_SET,
        meaning:
          "At least 20 characters. `/readyz` shows its details to requests that send it as a bearer token. Without it, details are shown only where `ANONYMOUS_ACCESS` is `allowed`.",
      },
      OTLP_HEADERS,
    ],
  },
  {
    title: "Bindings",
    about: "Set in `wrangler.toml`. `npm run deploy` checks that each environment has all of them.",
    variables: [
      { name: "POLICIES", default: null, meaning: "KV namespace of the policy and its history." },
      { name: "KEYS", default: null, meaning: "KV namespace of API keys. It must not be the namespace of `POLICIES`." },
      { name: "MODELS", default: null, meaning: "R2 bucket of model packages." },
      { name: "RATE_SMALL", default: null, meaning: "Rate limit of keys with `--rate small`: 60 requests per minute." },
      {
        name: "RATE_STANDARD",
        default: null,
        meaning: "Rate limit of keys with `--rate standard`: 600 requests per minute.",
      },
      {
        name: "RATE_LARGE",
        default: null,
        meaning: "Rate limit of keys with `--rate large`: 6,000 requests per minute.",
      },
      {
        name: "FAILED_AUTH",
        default: null,
        meaning: "Failed authentications per minute and IP address, 10, before the address is blocked for a minute.",
      },
      {
        name: "CF_VERSION_METADATA",
        default: NOT_SET,
        meaning: "Version metadata of the Worker: `service.version` and `faas.version` in telemetry.",
      },
    ],
  },
];

export const ORIGIN: readonly VariableGroup[] = [
  {
    title: "Variables",
    about: "Set by the stack, from the parameters below.",
    variables: [
      { name: "SPILLWAY_MODEL_DIR", default: null, meaning: "Folder of the model package." },
      {
        name: "MODEL_PUBLIC_KEY",
        default: null,
        meaning: `${MODEL_PUBLIC_KEY} Without it the function answers 503 \`model-unavailable\`. Newlines may be spaces.`,
      },
      {
        name: "SPILLWAY_MODEL_SIGNATURE",
        default: "model.sig in the package",
        meaning: "Path of the signature, where it is not in the package's folder.",
      },
      ...OTLP,
      OTLP_HEADERS,
    ],
  },
  {
    title: "Variables that Lambda sets",
    about: "Read for telemetry and for the reported memory size. They are not yours to set.",
    variables: [
      { name: "AWS_REGION", default: null, meaning: "`cloud.region`." },
      { name: "AWS_LAMBDA_FUNCTION_NAME", default: null, meaning: "`faas.name`." },
      { name: "AWS_LAMBDA_FUNCTION_VERSION", default: null, meaning: "`faas.version`." },
      { name: "AWS_LAMBDA_LOG_STREAM_NAME", default: null, meaning: "`faas.instance`." },
      {
        name: "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        default: null,
        meaning: "`faas.max_memory`, and the memory that AWS bills.",
      },
    ],
  },
];

export const START: readonly VariableGroup[] = [
  {
    title: "Addresses and folders",
    about: "`npm start` and the commands that work on its state read these.",
    variables: [
      { name: "SPILLWAY_PORT", default: "8787", meaning: "Port of the gateway." },
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
      { name: "OPERATOR_TOKEN", default: NOT_SET, meaning: "Token for the details of `/readyz`." },
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
      OTLP_HEADERS,
      ...OTLP.slice(1),
      OTLP_METRICS,
    ],
  },
];

export const LOCAL_LAMBDA: readonly VariableGroup[] = [
  {
    title: "Variables",
    about: "`node tools/local-lambda/main.ts` serves the origin without a gateway. `npm start` sets these itself.",
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
          "Seed of the generated hostile requests. A failed run prints its seed; the same seed gives the same requests.",
      },
    ],
  },
];
