import { basename, dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const projectFolder = fileURLToPath(new URL("../..", import.meta.url));
const milliseconds = z.coerce.number().int().positive();

/** A variable that is set to nothing counts as not set. */
const optional = z
  .string()
  .optional()
  .transform((value) => value || undefined);

const environmentSchema = z.object({
  AWS_ACCESS_KEY_ID: z.string().min(1),
  AWS_SECRET_ACCESS_KEY: z.string().min(1),
  AWS_SESSION_TOKEN: z.string().optional(),
  AWS_REGION: z.string().min(1).default("us-east-1"),
  SPILLWAY_ORIGIN_PORT: z.coerce.number().int().min(0).max(65_535).default(8790),
  SPILLWAY_ORIGIN_CONCURRENCY: z.coerce.number().int().positive().default(10),
  SPILLWAY_ORIGIN_TIMEOUT_MS: milliseconds.default(30_000),
  SPILLWAY_ORIGIN_WARM_MS: milliseconds.default(300_000),
  /** Instances started before the ready line. */
  SPILLWAY_ORIGIN_PREWARM: z.coerce.number().int().min(0).default(0),
  /** `<module>.<export>` as Lambda writes it, with a path. */
  SPILLWAY_ORIGIN_HANDLER: z.string().default("lambda-origin/handler.handler"),
  SPILLWAY_MODEL_DIR: z.string().default("models/mail-tagger"),
  /** The key that the package is signed with. Without it this run makes one and signs: see sign-for-this-run.ts. */
  MODEL_PUBLIC_KEY: optional,
  /** The bundle's path, where it is not `model.sig` in the package. */
  SPILLWAY_MODEL_SIGNATURE: optional,
});
export type Settings = z.infer<typeof environmentSchema>;

/** Whose package the instances run: the key they pin, and where its signature is when that is not the package's folder. */
export type ModelTrust = { publicKeyPem: string; signatureFile: string | undefined };

/** Throws one sentence that names the variable, what was wrong and what is allowed. */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const parsed = environmentSchema.safeParse(environment);
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0];
  throw new Error(`the local origin cannot start: ${first?.path.join(".")} is wrong or missing (${first?.message})`);
}

export function modelFolder(settings: Settings): string {
  return resolve(projectFolder, settings.SPILLWAY_MODEL_DIR);
}

/** Undefined where no key is given. A signature without its key could not be verified, so it is not silently replaced. */
export function givenTrust({ MODEL_PUBLIC_KEY, SPILLWAY_MODEL_SIGNATURE }: Settings): ModelTrust | undefined {
  const signatureFile = SPILLWAY_MODEL_SIGNATURE && resolve(projectFolder, SPILLWAY_MODEL_SIGNATURE);
  if (MODEL_PUBLIC_KEY) return { publicKeyPem: MODEL_PUBLIC_KEY, signatureFile };
  if (!signatureFile) return undefined;
  throw new Error(
    "the local origin cannot start: SPILLWAY_MODEL_SIGNATURE is set but MODEL_PUBLIC_KEY is not; set both, or neither",
  );
}

/** Lambda allows INIT 10 s, and where that is not enough runs it again within the function's own timeout. */
export function initTimeoutMs(settings: Settings): number {
  return Math.max(10_000, settings.SPILLWAY_ORIGIN_TIMEOUT_MS);
}

/**
 * All that an instance gets to see: what Lambda sets, and what the function's own configuration would hold. Never the caller's
 * credentials: on AWS they belong to the gateway, and the function runs under a role of its own.
 */
export function instanceEnvironment(
  settings: Settings,
  trust: ModelTrust,
  environment: NodeJS.ProcessEnv,
): Record<string, string> {
  const handler = resolve(projectFolder, settings.SPILLWAY_ORIGIN_HANDLER);
  const passedOn = Object.entries(environment).filter(([name]) => /^(PATH|HOME|TMPDIR|TZ|OTEL_.+)$/.test(name));
  return {
    ...Object.fromEntries(passedOn.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
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
