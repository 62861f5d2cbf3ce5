/**
 * Calls of an origin, signed with AWS Signature Version 4: a buffered body and only those headers that nothing rewrites on the way. What is
 * the same for each call is computed once, so a signature takes three digests: docs/decisions/051-overhead-of-the-origin-route.md
 */
import { TIMEOUT_HEADER } from "../../formats/origin-wire.ts";

export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  /** Of temporary credentials; null for those of an IAM user. */
  sessionToken?: string | null;
}

export interface OriginSettings extends AwsCredentials {
  url: string;
  region: string;
}

/** `signal` aborts after `timeoutMs`; a header passes the time on to the origin. */
export type SignedFetch = (body: string, signal: AbortSignal, timeoutMs: number) => Promise<Response>;

/** `send` may add headers: only the headers of the signer are signed. */
export function createSignedFetch(settings: OriginSettings, send: typeof fetch): SignedFetch {
  const { href } = new URL(settings.url);
  const signer = new Signer(settings);
  return async (body, signal, timeoutMs) => {
    const headers = {
      ...(await signer.sign(body)),
      "content-type": "application/json",
      [TIMEOUT_HEADER]: String(timeoutMs),
    };
    // A redirect would carry the text to an address that no policy names.
    return send(href, { method: "POST", headers, body, signal, redirect: "manual" });
  };
}

const SERVICE = "lambda";
const ALGORITHM = "AWS4-HMAC-SHA256";
const encoder = new TextEncoder();

/** The signing key of a day. */
interface DayKey {
  day: string;
  key: CryptoKey;
}

/** Signs requests of one address. The headers `host`, `x-amz-date` and, with temporary credentials, the session's token are signed. */
class Signer {
  readonly #settings: OriginSettings;
  /** The canonical request's lines before the date, and those between the date and the body's digest. */
  readonly #beforeDate: string;
  readonly #afterDate: string;
  readonly #signedHeaders: string;
  #dayKey: DayKey | null = null;

  constructor(settings: OriginSettings) {
    this.#settings = settings;
    const { host, pathname, searchParams } = new URL(settings.url);
    const { sessionToken } = settings;
    this.#signedHeaders = `host;x-amz-date${sessionToken ? ";x-amz-security-token" : ""}`;
    this.#beforeDate = `POST\n${canonicalPath(pathname)}\n${canonicalQuery(searchParams)}\nhost:${host}\nx-amz-date:`;
    const tokenLine = sessionToken ? `x-amz-security-token:${sessionToken.replace(/\s+/g, " ")}\n` : "";
    this.#afterDate = `\n${tokenLine}\n${this.#signedHeaders}\n`;
  }

  /** The headers that make a request with this body a signed one. */
  async sign(body: string): Promise<Record<string, string>> {
    const { accessKeyId, region, sessionToken } = this.#settings;
    const date = new Date().toISOString().replace(/[:-]|\.\d{3}/g, "");
    const day = date.slice(0, 8);
    const scope = `${day}/${region}/${SERVICE}/aws4_request`;
    // Nothing is awaited that another request has begun.
    const key = this.#dayKey?.day === day ? this.#dayKey.key : await this.#keyOf(day);
    const canonical = `${this.#beforeDate}${date}${this.#afterDate}${await sha256Hex(body)}`;
    const signature = hex(await hmac(key, `${ALGORITHM}\n${date}\n${scope}\n${await sha256Hex(canonical)}`));
    return {
      authorization: `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${this.#signedHeaders}, Signature=${signature}`,
      "x-amz-date": date,
      ...(sessionToken && { "x-amz-security-token": sessionToken }),
    };
  }

  async #keyOf(day: string): Promise<CryptoKey> {
    const { secretAccessKey, region } = this.#settings;
    let key = await hmacKey(Uint8Array.from(encoder.encode(`AWS4${secretAccessKey}`)));
    for (const part of [day, region, SERVICE, "aws4_request"]) key = await hmacKey(await hmac(key, part));
    this.#dayKey = { day, key };
    return key;
  }
}

/** Each part of the path is encoded once more: only S3 takes it as it is. */
function canonicalPath(pathname: string): string {
  return pathname.replace(/\/+/g, "/").split("/").map(encoded).join("/");
}

/** Sorted by name and then by value, in the order of their characters. */
function canonicalQuery(parameters: URLSearchParams): string {
  return [...parameters]
    .filter(([name]) => name !== "")
    .map(([name, value]) => `${encoded(name)}\n${encoded(value)}`)
    .sort()
    .map((pair) => pair.replace("\n", "="))
    .join("&");
}

/** RFC 3986, which keeps fewer characters than `encodeURIComponent`. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

function hmacKey(bytes: ArrayBuffer | Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

function hmac(key: CryptoKey, text: string): Promise<ArrayBuffer> {
  return crypto.subtle.sign("HMAC", key, encoder.encode(text));
}

async function sha256Hex(text: string): Promise<string> {
  return hex(await crypto.subtle.digest("SHA-256", encoder.encode(text)));
}

function hex(digest: ArrayBuffer): string {
  return Buffer.from(digest).toString("hex");
}
