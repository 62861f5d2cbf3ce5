/** What wrangler.toml says of the gateway, read by wrangler itself. */
import { z } from "zod";

/** The part of wrangler's configuration that is needed. */
const configSchema = z.object({
  r2_buckets: z.array(z.object({ binding: z.string(), bucket_name: z.string().optional() })),
  vars: z.record(z.string(), z.unknown()),
});

export interface GatewayConfig {
  /** The R2 bucket behind the binding MODELS. */
  bucketName: string;
  /** PEM of the pinned key; null where none is. */
  publicKeyPem: string | null;
}

/** @throws Error with one sentence when there is no bucket for models. */
export async function readGatewayConfig(environment?: string): Promise<GatewayConfig> {
  const { unstable_readConfig } = await import("wrangler");
  const { r2_buckets, vars } = configSchema.parse(unstable_readConfig({ config: "wrangler.toml", env: environment }));
  const bucketName = r2_buckets.find(({ binding }) => binding === "MODELS")?.bucket_name;
  if (bucketName === undefined)
    throw new Error("wrangler.toml binds no R2 bucket as MODELS; add it under [[r2_buckets]].");
  const key = vars["MODEL_PUBLIC_KEY"];
  return { bucketName, publicKeyPem: typeof key === "string" && key !== "" ? key : null };
}
