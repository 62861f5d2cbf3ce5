/** The gateway's part of wrangler.toml, parsed by wrangler. */
import { join } from "node:path";
import { z } from "zod";
import { CHECKOUT_FOLDER } from "./checkout.ts";

const configSchema = z.object({
  r2_buckets: z.array(
    z.object({ binding: z.string(), bucket_name: z.string().optional(), jurisdiction: z.string().optional() }),
  ),
  vars: z.record(z.string(), z.unknown()),
});

export interface R2Bucket {
  bucketName: string;
  /** Where the bucket's data stays, such as "eu". A bucket with one has another namespace of names; null for the default. */
  jurisdiction: string | null;
}

/** @returns the option of wrangler's `r2` commands */
export function jurisdictionOption(jurisdiction: string | null): string[] {
  return jurisdiction === null ? [] : ["--jurisdiction", jurisdiction];
}

export interface GatewayConfig {
  /** The R2 bucket that is bound as MODELS. */
  bucket: R2Bucket;
  /** PEM text of MODEL_PUBLIC_KEY; null when it is not set. */
  publicKeyPem: string | null;
  /** MODEL: the package that serves where the policy names none; null when it is not set. */
  model: string | null;
}

/**
 * @param environment of wrangler.toml; undefined for the top level
 * @param config path of wrangler.toml; that of the checkout unless a test has another
 * @throws Error with one sentence when no bucket is bound as MODELS
 */
export async function readGatewayConfig(
  environment?: string,
  config = join(CHECKOUT_FOLDER, "wrangler.toml"),
): Promise<GatewayConfig> {
  const { unstable_readConfig } = await import("wrangler");
  const { r2_buckets, vars } = configSchema.parse(
    unstable_readConfig({ config, env: environment }, { hideWarnings: true }),
  );
  const found = r2_buckets.find(({ binding }) => binding === "MODELS");
  if (found?.bucket_name === undefined)
    throw new Error("wrangler.toml binds no R2 bucket as MODELS; add it under [[r2_buckets]].");
  const { MODEL_PUBLIC_KEY: key, MODEL: model } = vars;
  const bucket = { bucketName: found.bucket_name, jurisdiction: found.jurisdiction ?? null };
  return { bucket, publicKeyPem: textOrNull(key), model: textOrNull(model) };
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
