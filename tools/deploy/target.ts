/** One environment of wrangler.toml, parsed by wrangler: the Worker that is deployed, its bindings and its variables. */
import { z } from "zod";

const rateLimitSchema = z.object({
  name: z.string(),
  namespace_id: z.string(),
  simple: z.object({ limit: z.number(), period: z.number() }),
});

const routeSchema = z.union([z.string(), z.object({ pattern: z.string(), custom_domain: z.boolean().optional() })]);

/** The part of wrangler's configuration that the checks read. */
const configSchema = z.object({
  name: z.string().optional(),
  kv_namespaces: z.array(z.object({ binding: z.string(), id: z.string().optional() })),
  r2_buckets: z.array(
    z.object({ binding: z.string(), bucket_name: z.string().optional(), jurisdiction: z.string().optional() }),
  ),
  ratelimits: z.array(rateLimitSchema).default([]),
  durable_objects: z.object({
    bindings: z.array(z.object({ name: z.string(), class_name: z.string(), script_name: z.string().optional() })),
  }),
  version_metadata: z.object({ binding: z.string() }).optional(),
  vars: z.record(z.string(), z.unknown()),
  /** Text that the bundler inserts for these names. */
  define: z.record(z.string(), z.string()).optional(),
  secrets: z.object({ required: z.array(z.string()).optional() }).optional(),
  workers_dev: z.boolean().optional(),
  preview_urls: z.boolean().optional(),
  route: routeSchema.optional(),
  routes: z.array(routeSchema).optional(),
  observability: z
    .object({
      enabled: z.boolean().optional(),
      logs: z.object({ enabled: z.boolean().optional() }).optional(),
      traces: z.object({ enabled: z.boolean().optional() }).optional(),
    })
    .optional(),
  logpush: z.boolean().optional(),
  limits: z.object({ cpu_ms: z.number().optional() }).optional(),
});

export type TargetConfig = z.infer<typeof configSchema>;

export interface Target {
  environment: string;
  config: TargetConfig;
}

export interface Targets {
  /** Null if wrangler.toml has no such environment. */
  target: Target | null;
  /** The other environments, which must not share a store with it. */
  others: readonly Target[];
  environments: readonly string[];
}

/**
 * @param configPath of wrangler.toml
 * @throws Error with wrangler's message if the file is not valid
 */
export async function readTargets(configPath: string, environment: string): Promise<Targets> {
  // Loaded only when needed: it takes a second, which `--help` does not have to wait for.
  const { unstable_readConfig } = await import("wrangler");
  const read = (env?: string) => unstable_readConfig({ config: configPath, env }, { hideWarnings: true });
  const environments: readonly string[] = read().definedEnvironments ?? [];
  const all = environments.map((name): Target => ({ environment: name, config: configSchema.parse(read(name)) }));
  return {
    target: all.find((one) => one.environment === environment) ?? null,
    others: all.filter((one) => one.environment !== environment),
    environments,
  };
}

/** @returns the patterns of the environment's routes and custom domains */
export function routesOf({ config: { route, routes = [] } }: Target): string[] {
  return [...(route === undefined ? [] : [route]), ...routes].map((one) =>
    typeof one === "string" ? one : one.pattern,
  );
}
