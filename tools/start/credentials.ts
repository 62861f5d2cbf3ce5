/** AWS credentials of one local run: no other gateway or origin has them. */
import { randomBytes } from "node:crypto";

export interface Credentials {
  AWS_ACCESS_KEY_ID: string;
  AWS_SECRET_ACCESS_KEY: string;
}

/** @returns random credentials, which only the local origin accepts */
export function newCredentials(): Credentials {
  return {
    AWS_ACCESS_KEY_ID: `LOCAL${randomBytes(8).toString("hex").toUpperCase()}`,
    AWS_SECRET_ACCESS_KEY: randomBytes(30).toString("base64url"),
  };
}
