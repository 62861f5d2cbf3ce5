/** What AWS says about an invocation, under OpenTelemetry's names. No headers, addresses or queries. Pure. */

import { totalmem } from "node:os";
import type { Attributes } from "../../formats/otlp/attributes.ts";

/** The parts of a Function URL event (payload 2.0) that are read here. */
export type HttpEvent = {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly requestContext?: unknown;
};

/** The parts of Lambda's context object that are read here. */
export type LambdaContext = {
  readonly awsRequestId?: string;
  readonly invokedFunctionArn?: string;
  getRemainingTimeInMillis?(): number;
};

/** A header's value; Function URLs give lower-case names. */
export function header(event: HttpEvent, name: string): string | undefined {
  const value = event.headers?.[name];
  return typeof value === "string" ? value : undefined;
}

/** `POST /`, the one thing served; any other path or method is left out, as a caller could write anything there. */
export function serverName(event: HttpEvent): string {
  const { method, path } = http(event);
  return path === "/" ? `${method} /` : method;
}

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

/** The function and its place, from the variables that every Lambda instance has. */
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
    "faas.max_memory": memoryMiB > 0 ? memoryMiB * 1_048_576 : undefined,
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

/** A field of what may have none. */
export function member(of: unknown, name: string): unknown {
  return typeof of === "object" && of !== null ? Reflect.get(of, name) : undefined;
}

const MIB = 1_048_576;

/** What AWS bills by. Off Lambda, where it bills nothing: as much as this process can get. */
export function memoryMiB(env: NodeJS.ProcessEnv): number {
  const configured = Number(env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]);
  if (Number.isInteger(configured) && configured > 0) return configured;
  // Zero where nothing constrains it.
  const mostBytes = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return Math.max(1, Math.round(mostBytes / MIB));
}
