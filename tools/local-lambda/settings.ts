/** Settings of the local origin, from environment variables. */
import { basename, dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const projectFolder = fileURLToPath(new URL("../..", import.meta.url));

const notEmpty = "it must not be empty";

function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER) {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  const message = `it must be a whole number ${range}`;
  return z.coerce.number(message).int(message).min(min, message).max(max, message);
}

/** An empty variable counts as not set. */
const optional = z
  .string()
  .optional()
  .transform((value) => value || null);

const environmentSchema = z.object({
  AWS_ACCESS_KEY_ID: z.string().min(1, notEmpty),
  AWS_SECRET_ACCESS_KEY: z.string().min(1, notEmpty),
  AWS_SESSION_TOKEN: z.string().optional(),
  AWS_REGION: z.string().min(1, notEmpty).default("us-east-1"),
  SPILLWAY_ORIGIN_PORT: wholeNumber(0, 65_535).default(8790),
  SPILLWAY_ORIGIN_CONCURRENCY: wholeNumber(1).default(10),
  SPILLWAY_ORIGIN_TIMEOUT_MS: wholeNumber(1).default(30_000),
  SPILLWAY_ORIGIN_WARM_MS: wholeNumber(1).default(300_000),
  /** Number of instances to start before the ready line. */
  SPILLWAY_ORIGIN_PREWARM: wholeNumber(0).default(0),
  /** `<path of the module>.<export>` */
  SPILLWAY_ORIGIN_HANDLER: z.string().default("lambda-origin/handler.handler"),
  SPILLWAY_MODEL_DIR: z.string().default("models/mail-tagger"),
  /** Public key of the package's signature. If it is not set, the package is signed for this run: sign-for-this-run.ts. */
  MODEL_PUBLIC_KEY: optional,
  /** Path of the signature, if it is not `model.sig` in the package. */
  SPILLWAY_MODEL_SIGNATURE: optional,
});
/** The variables, with their defaults. */
export type Settings = z.infer<typeof environmentSchema>;

/** The key that the instances pin, and the path of the signature; null for `model.sig` in the package. */
export interface ModelTrust {
  publicKeyPem: string;
  signatureFile: string | null;
}

/** @throws Error with one sentence that names the variable, what is wrong and what is allowed */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const parsed = environmentSchema.safeParse(environment);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = issue?.path.join(".") ?? "";
  const value = environment[name];
  throw new Error(value === undefined ? `${name} is not set` : `${name} is "${value}"; ${issue?.message}`);
}

/** Absolute path of the package's folder. */
export function modelFolder(settings: Settings): string {
  return resolve(projectFolder, settings.SPILLWAY_MODEL_DIR);
}

/**
 * Null if no key is set: then the package is signed for this run.
 * @throws Error with one sentence for a signature without its key, which could not be verified
 */
export function givenTrust({ MODEL_PUBLIC_KEY, SPILLWAY_MODEL_SIGNATURE }: Settings): ModelTrust | null {
  const signatureFile = SPILLWAY_MODEL_SIGNATURE && resolve(projectFolder, SPILLWAY_MODEL_SIGNATURE);
  if (MODEL_PUBLIC_KEY) return { publicKeyPem: MODEL_PUBLIC_KEY, signatureFile };
  if (signatureFile === null) return null;
  throw new Error("SPILLWAY_MODEL_SIGNATURE is set but MODEL_PUBLIC_KEY is not; set both, or neither");
}

/** Lambda gives INIT 10 s. If that is too short, it runs INIT again within the function's timeout. */
export function initTimeoutMs(settings: Settings): number {
  return Math.max(10_000, settings.SPILLWAY_ORIGIN_TIMEOUT_MS);
}

/**
 * The whole environment of an instance: what Lambda sets, and the function's configuration. Never the caller's credentials: on AWS
 * the gateway has them, and the function has another role.
 */
export function instanceEnvironment(
  settings: Settings,
  trust: ModelTrust,
  environment: NodeJS.ProcessEnv,
): Record<string, string> {
  const handler = resolve(projectFolder, settings.SPILLWAY_ORIGIN_HANDLER);
  const inherited = Object.entries(environment).filter(([name]) =>
    /^(PATH|HOME|TMPDIR|TZ|NODE_COMPILE_CACHE|OTEL_.+)$/.test(name),
  );
  return {
    ...Object.fromEntries(inherited.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
    SPILLWAY_MODEL_DIR: modelFolder(settings),
    MODEL_PUBLIC_KEY: trust.publicKeyPem,
    ...(trust.signatureFile ? { SPILLWAY_MODEL_SIGNATURE: trust.signatureFile } : {}),
    _HANDLER: basename(handler),
    LAMBDA_TASK_ROOT: dirname(handler),
    AWS_REGION: settings.AWS_REGION,
    AWS_DEFAULT_REGION: settings.AWS_REGION,
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    AWS_LAMBDA_FUNCTION_NAME: "spillway-origin",
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "3008",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/spillway-origin",
    AWS_LAMBDA_LOG_STREAM_NAME: "local",
  };
}
