/**
 * Every setting of the gateway, the control plane and the origin, as `docs/reference/configuration.md` shows it. `test/docs/configuration.test.ts` compares
 * the tables with the code: a variable that is read and not in a table fails, and so does one that no code reads.
 */
import { NOT_SET, OTLP, OTLP_HEADERS, OTLP_METRICS, OTLP_METRICS_HEADERS, type VariableGroup } from "./variable.ts";

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
      {
        name: "PUBLIC_HOST",
        default: NOT_SET,
        meaning:
          "The gateway's host name, such as `classify.example.com`: `server.address` in its traces. Without it, and for requests with another `Host`, traces have none.",
      },
      {
        name: "MIN_POLICY_VERSION",
        default: "0",
        meaning:
          "The oldest policy version under which texts are classified; under an older one, and under the built-in defaults, requests get 503. Set it to the version that has your residency rules: a new isolate that cannot read KV would serve without them.",
      },
      ...OTLP,
      ...OTLP_METRICS,
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
        name: "AWS_SESSION_TOKEN",
        default: NOT_SET,
        meaning:
          "Session token of temporary credentials (`ASIA…`). They end after some hours, so a production gateway uses an IAM user.",
      },
      {
        name: "OPERATOR_TOKEN",
        default: NOT_SET,
        meaning:
          "At least 20 characters. `/readyz` shows its details to requests that send it as a bearer token. Without it, details are shown only where `ANONYMOUS_ACCESS` is `allowed`.",
      },
      ...OTLP_HEADERS,
      OTLP_METRICS_HEADERS,
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
        meaning:
          "Wrong API keys per minute and IP address, 10, before the address is blocked for a minute, in which stored keys are accepted. Wrong operator tokens are counted separately.",
      },
      {
        name: "CF_VERSION_METADATA",
        default: NOT_SET,
        meaning: "Version metadata of the Worker: `service.version` and `faas.version` in telemetry.",
      },
      {
        name: "LEDGER",
        default: NOT_SET,
        meaning:
          "The Durable Objects `LedgerShard` of the control plane, which count texts and requests. Without it nothing is counted.",
      },
    ],
  },
];

export const CONTROL_PLANE: readonly VariableGroup[] = [
  {
    title: "Variables and secrets",
    about: "Set as the gateway's, in `control-plane/wrangler.toml`, and secrets with `--config` and that file.",
    variables: [
      {
        name: "OPERATOR_TOKEN",
        default: NOT_SET,
        meaning:
          "Secret, at least 20 characters: the same token as the gateway's. It signs in to the console, and programs send it as a bearer token.",
      },
      {
        name: "READ_ONLY_TOKEN",
        default: NOT_SET,
        meaning: "Secret, at least 20 characters, another one: its holder sees everything and changes nothing.",
      },
      {
        name: "ANONYMOUS_ACCESS",
        default: "refused",
        meaning:
          "`allowed` accepts programs and pages of this machine while no `OPERATOR_TOKEN` is set, as `npm start` does.",
      },
      {
        name: "TRACE_PAGES",
        default: NOT_SET,
        meaning: "Addresses of trace backends, separated by commas, which the console links to.",
      },
    ],
  },
  {
    title: "Bindings",
    about: "Set in `control-plane/wrangler.toml`.",
    variables: [
      { name: "LEDGER_SHARDS", default: null, meaning: "The Durable Objects that collect counts, one per location." },
      { name: "LEDGER", default: null, meaning: "The Durable Object that has all counts." },
      {
        name: "FAILED_AUTH",
        default: null,
        meaning: "Wrong tokens per minute and IP address, 10, before the address is refused for a minute.",
      },
      { name: "KEYS", default: null, meaning: "The gateway's KV namespace of API keys, which the console lists." },
      { name: "MODELS", default: null, meaning: "The gateway's R2 bucket of packages, which the console lists." },
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
      ...OTLP_HEADERS,
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
