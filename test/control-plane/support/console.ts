/** The console as a browser asks it, without one. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { createApp } from "../../../control-plane/app.ts";

export const ORIGIN = "https://console.example";
export const TOKENS = {
  OPERATOR_TOKEN: "an-operators-token-of-40-characters-here",
  READ_ONLY_TOKEN: "a-read-only-token-of-40-characters-here",
};

export interface Sent {
  cookie?: string;
  variables?: object;
  headers?: Record<string, string>;
}

/** A console whose lock-out no other test has used. */
export function newConsole() {
  const app = createApp();
  const variablesOf = ({ variables = {} }: Sent) => {
    return { ...env, FAILED_AUTH: { limit: async () => ({ success: true }) }, ...TOKENS, ...variables };
  };
  const get = async (path: string, { cookie = "", headers = {}, ...sent }: Sent = {}) =>
    app.fetch(new Request(ORIGIN + path, { headers: { cookie, ...headers } }), variablesOf(sent));
  const post = async (
    path: string,
    fields: Record<string, string>,
    { cookie = "", headers = {}, ...sent }: Sent = {},
  ) => {
    const body = new URLSearchParams(fields);
    const request = new Request(ORIGIN + path, {
      method: "POST",
      headers: { cookie, origin: ORIGIN, ...headers },
      body,
    });
    return app.fetch(request, variablesOf(sent));
  };
  /** The cookie of a new session. */
  const signIn = async (token: string = TOKENS.OPERATOR_TOKEN): Promise<string> => {
    const response = await post("/sign-in", { token, next: "/policy" });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/policy"]);
    return response.headers.get("set-cookie")?.split(";")[0] ?? "";
  };
  return { get, post, signIn };
}

export const textOf = async (response: Response | Promise<Response>) => (await response).text();
