/**
 * Pure. The settings of an OTLP exporter by the standard variables, or why they cannot be obeyed: no I/O, no clock.
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/ and https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
import { parseOtlpHeaders } from "./headers.ts";
import { SIGNALS, type Signal } from "./messages.ts";

export type HttpHeaders = Readonly<Record<string, string>>;

/** `http/json` unless the other is configured: every receiver of OTLP over HTTP reads both, and people can read JSON. */
export type Protocol = "http/json" | "http/protobuf";

/** The variables that are obeyed. */
export interface OtlpVariables {
  /** `true` exports nothing. */
  OTEL_SDK_DISABLED?: string | undefined;
  OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  OTEL_EXPORTER_OTLP_HEADERS?: string | undefined;
  OTEL_EXPORTER_OTLP_PROTOCOL?: string | undefined;
  // For one signal, instead of the general ones. The endpoint is used as it is.
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?: string | undefined;
  OTEL_EXPORTER_OTLP_TRACES_HEADERS?: string | undefined;
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL?: string | undefined;
  OTEL_EXPORTER_OTLP_LOGS_ENDPOINT?: string | undefined;
  OTEL_EXPORTER_OTLP_LOGS_HEADERS?: string | undefined;
  OTEL_EXPORTER_OTLP_LOGS_PROTOCOL?: string | undefined;
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT?: string | undefined;
  OTEL_EXPORTER_OTLP_METRICS_HEADERS?: string | undefined;
  OTEL_EXPORTER_OTLP_METRICS_PROTOCOL?: string | undefined;
  /** `none` turns a signal off, for a backend that does not accept it. */
  OTEL_TRACES_EXPORTER?: string | undefined;
  OTEL_LOGS_EXPORTER?: string | undefined;
  OTEL_METRICS_EXPORTER?: string | undefined;
}

const READ = /^OTEL_(SDK_DISABLED|EXPORTER_OTLP_\w+|(TRACES|LOGS|METRICS)_EXPORTER)$/;

/** Whether `otlpSettings` reads a variable. It obeys or refuses it then; others, such as `OTEL_SERVICE_NAME`, change nothing. */
export function isOtlpVariable(name: string): boolean {
  return READ.test(name);
}

/** Where one signal is sent, and how. */
export interface OtlpTarget {
  url: string;
  /** Sent with every export, such as a backend's API key. */
  headers: HttpHeaders;
  protocol: Protocol;
}

export interface OtlpSettings {
  /** A signal without a target is not exported. Without an endpoint none has one. */
  targets: Readonly<Partial<Record<Signal, OtlpTarget>>>;
  problems: readonly OtlpProblem[];
}

/** A variable that cannot be obeyed. Values of headers and credentials of URLs are in no message. */
export interface OtlpProblem {
  name: string;
  /** Continues the name, without a full stop: `is "grpc"; it must be http/json or http/protobuf`. */
  message: string;
}

/** Reads the variables. With a problem nothing is exported. */
export function otlpSettings(variables: OtlpVariables): OtlpSettings {
  const reader = new Reader(variables);
  const isDisabled = reader.choice("OTEL_SDK_DISABLED", ["true", "false"]) === "true";
  // Other settings have no effect then: the variable is a switch for the moment.
  if (isDisabled) return { targets: {}, problems: reader.problems };
  const targets: Partial<Record<Signal, OtlpTarget>> = {};
  for (const signal of SIGNALS) {
    const target = targetFor(signal, reader);
    if (target !== null) targets[signal] = target;
  }
  reader.refuseUnsupported();
  return { targets: reader.problems.length > 0 ? {} : targets, problems: reader.problems };
}

/** A problem of a general variable is found once for each signal, and reported once. */
function targetFor(signal: Signal, reader: Reader): OtlpTarget | null {
  const upper = UPPER[signal];
  const exporter = reader.choice(`OTEL_${upper}_EXPORTER`, ["otlp", "none"]);
  const own = reader.url(`OTEL_EXPORTER_OTLP_${upper}_ENDPOINT`);
  const base = reader.url("OTEL_EXPORTER_OTLP_ENDPOINT", refuseSignalPath);
  const headers = reader.headers(`OTEL_EXPORTER_OTLP_${upper}_HEADERS`) ?? reader.headers("OTEL_EXPORTER_OTLP_HEADERS");
  const protocol =
    reader.choice(`OTEL_EXPORTER_OTLP_${upper}_PROTOCOL`, PROTOCOLS) ??
    reader.choice("OTEL_EXPORTER_OTLP_PROTOCOL", PROTOCOLS);
  const url = own ?? (base === null ? null : urlUnder(base, signal));
  if (url === null || exporter === "none") return null;
  return { url: url.href, headers: headers ?? {}, protocol: protocol ?? "http/json" };
}

const PROTOCOLS: readonly Protocol[] = ["http/json", "http/protobuf"];
const UPPER = { traces: "TRACES", logs: "LOGS", metrics: "METRICS" } as const satisfies Record<Signal, string>;
const GRPC_HINT = "OTLP over gRPC is not possible in a Worker; use the backend's OTLP/HTTP endpoint, usually port 4318";

function urlUnder(base: URL, signal: Signal): URL {
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/+$/, "")}/v1/${signal}`;
  return url;
}

/** By the specification, exports would go to `/v1/traces/v1/traces`. */
function refuseSignalPath({ pathname, origin }: URL): string | null {
  const [, base = "", signal] = /^(.*)\/v1\/(traces|logs|metrics)\/*$/.exec(pathname) ?? [];
  const found = SIGNALS.find((one) => one === signal);
  if (found === undefined) return null;
  return `ends with /v1/${found}, but it is the base URL of all signals; set it to ${origin}${base}, or set OTEL_EXPORTER_OTLP_${UPPER[found]}_ENDPOINT`;
}

class Reader {
  readonly problems: OtlpProblem[] = [];
  readonly #variables: OtlpVariables;

  constructor(variables: OtlpVariables) {
    this.#variables = variables;
  }

  /** Null if the variable is unset, empty, or has none of the values. Names are case-insensitive. */
  choice<T extends string>(name: keyof OtlpVariables, allowed: readonly T[]): T | null {
    const text = this.#text(name);
    if (text === null) return null;
    const found = allowed.find((one) => one === text.toLowerCase());
    if (found !== undefined) return found;
    const hint = text.toLowerCase() === "grpc" ? `: ${GRPC_HINT}` : "";
    this.#refuse(name, `is ${JSON.stringify(text)}; it must be ${allowed.join(" or ")}${hint}`);
    return null;
  }

  /** @param refuse why a URL is not allowed; null if it is */
  url(name: keyof OtlpVariables, refuse: (url: URL) => string | null = () => null): URL | null {
    const text = this.#text(name);
    if (text === null) return null;
    const url = URL.canParse(text) ? new URL(text) : null;
    const isWeb = url !== null && (url.protocol === "http:" || url.protocol === "https:");
    const problem = isWeb ? (credentialsIn(url) ?? refuse(url)) : describeNotWeb(text);
    if (problem !== null) this.#refuse(name, problem);
    return isWeb && problem === null ? url : null;
  }

  headers(name: keyof OtlpVariables): HttpHeaders | null {
    const text = this.#text(name);
    if (text === null) return null;
    const parsed = parseOtlpHeaders(text);
    if (parsed.ok) return parsed.headers;
    this.#refuse(name, parsed.problem);
    return null;
  }

  /** Variables of the specification that would change exports, and that no code here reads. */
  refuseUnsupported(): void {
    for (const [name, value] of Object.entries(this.#variables)) {
      const [, , what] = /^OTEL_EXPORTER_OTLP_((?:TRACES|LOGS|METRICS)_)?([A-Z_]+)$/.exec(name) ?? [];
      const isObeyed = what === undefined || ["ENDPOINT", "HEADERS", "PROTOCOL"].includes(what);
      const text = String(value ?? "").trim();
      // INSECURE is for gRPC endpoints without a scheme; Spillway's have one.
      const changesNothing = text === "" || what === "INSECURE" || (what === "COMPRESSION" && /^none$/i.test(text));
      if (!isObeyed && !changesNothing) this.#refuse(name, "is not supported; remove it");
    }
  }

  /** Null if it is unset or empty, which the specification treats alike. White space around a value is none of it. */
  #text(name: keyof OtlpVariables): string | null {
    const value: unknown = this.#variables[name];
    if (value === undefined || value === null) return null;
    if (typeof value === "string") return value.trim() || null;
    this.#refuse(name, "must be a string");
    return null;
  }

  #refuse(name: string, message: string): void {
    if (!this.problems.some((one) => one.name === name)) this.problems.push({ name, message });
  }
}

function credentialsIn({ username, password }: URL): string | null {
  if (username === "" && password === "") return null;
  return "contains credentials; send them in OTEL_EXPORTER_OTLP_HEADERS, as authorization=Basic%20<base64>";
}

/** Only text that looks like an address is shown, without a query: any other may be a secret in the wrong place. */
function describeNotWeb(text: string): string {
  const isHost = /^(\[[\da-f:]+\]|[a-z\d.-]{1,100})(:\d+)?(\/[a-z\d./-]{0,40})?$/.test(text);
  const isUrl = !text.includes("@") && text.includes("://");
  const allowed = "must be an http or https URL";
  if (isUrl) return `is ${JSON.stringify(text.replace(/[?#].*/s, ""))}; it ${allowed}`;
  if (!isHost || !/[:.]/.test(text)) return allowed;
  const isLocal = /^(localhost|127\.|\[|[a-z\d-]+:)/.test(text);
  return `is ${JSON.stringify(text)}; it ${allowed}; did you mean ${isLocal ? "http" : "https"}://${text}?`;
}
