/** AWS credentials of one local run: no other gateway or origin has them. */

import { randomBytes } from "node:crypto";
import { parseOperatorToken } from "../../formats/operator-token.ts";

export interface Credentials {
  AWS_ACCESS_KEY_ID: string;
  AWS_SECRET_ACCESS_KEY: string;
  /** Of temporary credentials for another origin. */
  AWS_SESSION_TOKEN?: string;
}

/** @returns random credentials, which only the local origin accepts */
export function newCredentials(): Credentials {
  return {
    AWS_ACCESS_KEY_ID: `LOCAL${randomBytes(8).toString("hex").toUpperCase()}`,
    AWS_SECRET_ACCESS_KEY: randomBytes(30).toString("base64url"),
  };
}

/**
 * The credentials of the environment, for an origin that is not local.
 * @throws Error with one sentence if they are not set
 */
export function givenCredentials(env: NodeJS.ProcessEnv): Credentials {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) {
    throw new Error(
      "SPILLWAY_ORIGIN_URL needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: the gateway signs its calls with them.",
    );
  }
  return { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...(AWS_SESSION_TOKEN && { AWS_SESSION_TOKEN }) };
}

/** @returns the environment for child processes, without what belongs to other programs: the shell's session token and telemetry settings */
export function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(OTEL_\w+|AWS_SESSION_TOKEN)$/.test(name)));
}

/** @throws Error with one sentence for tokens that the Workers would refuse: the details of /readyz and the console would be closed to everyone */
export function checkTokens(env: NodeJS.ProcessEnv): void {
  for (const name of ["OPERATOR_TOKEN", "READ_ONLY_TOKEN"]) {
    const token = parseOperatorToken(env[name], name);
    if (token.state === "unusable") throw new Error(`${token.problem}, or leave ${name} unset.`);
  }
  const { OPERATOR_TOKEN: operator, READ_ONLY_TOKEN: reader } = env;
  if (reader === undefined) return;
  if (operator === undefined) {
    throw new Error("READ_ONLY_TOKEN needs OPERATOR_TOKEN: set both, or leave READ_ONLY_TOKEN unset.");
  }
  if (operator.trim() === reader.trim()) {
    throw new Error("READ_ONLY_TOKEN is the same as OPERATOR_TOKEN: create another one, or leave it unset.");
  }
}
