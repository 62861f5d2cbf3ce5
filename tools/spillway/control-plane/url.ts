/** Where the control plane answers: on this machine, or deployed. */
import { join } from "node:path";
import { type Command, Option } from "commander";
import { z } from "zod";
import { CHECKOUT_FOLDER } from "../../process/checkout.ts";
import { runningSystem } from "../../process/running-system.ts";
import type { ControlPlane } from "./ask.ts";

export interface ControlPlaneOptions {
  remote?: true;
  env?: string;
  url?: string;
}

const CONFIG = "control-plane/wrangler.toml";
const routeSchema = z.object({ pattern: z.string(), custom_domain: z.boolean().optional() });
const configSchema = z.object({
  name: z.string().optional(),
  workers_dev: z.boolean().optional(),
  routes: z.array(z.union([z.string(), routeSchema])).optional(),
});

/** Adds `--remote`, `--env` and `--url` to a command. */
export function addControlPlaneOptions(command: Command): Command {
  return command
    .addOption(new Option("--remote", "the deployed control plane; OPERATOR_TOKEN in the environment is its token"))
    .option("--env <name>", "environment of control-plane/wrangler.toml, with --remote")
    .option("--url <url>", "the control plane at another address");
}

/** @throws Error with one sentence and the next step when no address is known */
export async function controlPlaneUrl(options: ControlPlaneOptions, env: NodeJS.ProcessEnv): Promise<URL> {
  const { remote, env: environment, url } = options;
  if (environment !== undefined && !remote) {
    throw new Error(`--env ${environment} selects a deployed control plane; pass --remote with it.`);
  }
  if (url !== undefined) return parsedUrl(url);
  return remote ? deployedUrl(environment) : (await runningSystem(env)).controlPlane;
}

/** The control plane that the options select, with the token of the environment. @throws Error as `controlPlaneUrl` */
export async function controlPlaneOf(options: ControlPlaneOptions, env: NodeJS.ProcessEnv): Promise<ControlPlane> {
  return { url: await controlPlaneUrl(options, env), token: env["OPERATOR_TOKEN"] || null };
}

function parsedUrl(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new Error(`--url is "${text}"; it must be a URL, as in https://spillway-control.example.com.`);
}

async function deployedUrl(environment: string | undefined): Promise<URL> {
  if (environment === undefined) {
    throw new Error("--remote needs the environment of the control plane: pass --env production, or --url <url>.");
  }
  const { unstable_readConfig } = await import("wrangler");
  const config = configSchema.parse(
    unstable_readConfig({ config: join(CHECKOUT_FOLDER, CONFIG), env: environment }, { hideWarnings: true }),
  );
  const routes = (config.routes ?? []).map((route) => (typeof route === "string" ? { pattern: route } : route));
  const pattern = routes.find(({ custom_domain }) => custom_domain)?.pattern ?? routes[0]?.pattern;
  const host = pattern?.replace(/\/.*$/, "");
  if (host !== undefined && /(^|\.)example\.com$/.test(host)) {
    throw new Error(
      `${CONFIG} still has the example domain ${host} in ${environment}; set your domain, or pass --url <url>.`,
    );
  }
  if (host !== undefined && !host.includes("*")) return new URL(`https://${host}`);
  if (config.workers_dev) {
    const name = config.name ?? `spillway-control-${environment}`;
    throw new Error(
      `${environment} is served on workers.dev, whose subdomain is your account's: pass --url https://${name}.<subdomain>.workers.dev.`,
    );
  }
  throw new Error(`${CONFIG} has no route in ${environment}; add one, or pass --url <url>.`);
}
