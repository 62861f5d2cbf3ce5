/** What AWS reports about an invocation, under OpenTelemetry's names. Headers, addresses and queries are left out. Pure. */
import { totalmem } from "node:os";
import type { Attributes } from "../../formats/otlp/attributes.ts";

const BYTES_PER_MIB = 1_048_576;

/** The parts of a Function URL event (payload 2.0) that telemetry reads. */
export interface HttpEvent {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly requestContext?: unknown;
}

/** The parts of Lambda's context object that telemetry reads. */
export interface LambdaContext {
  readonly awsRequestId?: string;
  readonly invokedFunctionArn?: string;
  getRemainingTimeInMillis?(): number;
}

/** A header's value. Function URLs give lower-case names. */
export function header(event: HttpEvent, name: string): string | undefined {
  const value = event.headers?.[name];
  return typeof value === "string" ? value : undefined;
}

/** The SERVER span's name: `POST /`, or only the method, since a caller could write anything into another path. */
export function serverName(event: HttpEvent): string {
  const { method, path } = http(event);
  return path === "/" ? `${method} /` : method;
}

/** Attributes of the SERVER span that are known before the request is answered. */
export function serverAttributes(event: HttpEvent, context: LambdaContext): Attributes {
  const { method, path } = http(event);
  return {
    "http.request.method": method,
    "http.route": path === "/" ? path : undefined,
    "url.path": path === "/" ? path : undefined,
    "url.scheme": "https",
    "faas.trigger": "http",
    "cloud.account.id": context.invokedFunctionArn?.split(":")[4],
    "cloud.resource_id": context.invokedFunctionArn,
  };
}

/** The function and where it runs, from the variables that every Lambda instance has. */
export function resource(env: NodeJS.ProcessEnv): Attributes {
  const memoryMiB = Number(env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]);
  return {
    "service.name": "spillway-origin",
    "cloud.provider": "aws",
    "cloud.platform": "aws_lambda",
    "cloud.region": env["AWS_REGION"],
    "faas.name": env["AWS_LAMBDA_FUNCTION_NAME"],
    "faas.version": env["AWS_LAMBDA_FUNCTION_VERSION"],
    "faas.instance": env["AWS_LAMBDA_LOG_STREAM_NAME"],
    "faas.max_memory": memoryMiB > 0 ? memoryMiB * BYTES_PER_MIB : undefined,
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.name": "spillway",
  };
}

const METHODS: ReadonlySet<unknown> = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]);

function http(event: HttpEvent): { method: string; path: unknown } {
  const request = member(event.requestContext, "http");
  const method = member(request, "method");
  return { method: METHODS.has(method) ? String(method) : "_OTHER", path: member(request, "path") };
}

/** A field of a value that may be no object. */
export function member(of: unknown, name: string): unknown {
  return typeof of === "object" && of !== null ? Reflect.get(of, name) : undefined;
}

/** The memory that AWS bills by. Outside Lambda, which bills nothing: as much as this process can get. */
export function memoryMiB(env: NodeJS.ProcessEnv): number {
  const configured = Number(env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]);
  if (Number.isInteger(configured) && configured > 0) return configured;
  // Zero where nothing constrains the process.
  const maxBytes = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return Math.max(1, Math.round(maxBytes / BYTES_PER_MIB));
}
