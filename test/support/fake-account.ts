/** As much of a Cloudflare account as wrangler asks for while it uploads a Worker that exists already. It notes what it was asked. */
import { once } from "node:events";
import { createServer } from "node:http";

export interface Asked {
  /** `GET /workers/…`, below the account. */
  what: string;
  body: string;
}

export interface FakeAccount {
  asked: Asked[];
  /** For wrangler: where it is, and who is logged in. */
  env: Record<string, string>;
  stop(): void;
}

export const SERVED_VERSION = "11111111-1111-4111-8111-111111111111";
export const NEW_VERSION = "22222222-2222-4222-8222-222222222222";
const ACCOUNT = "a".repeat(32);

export async function startFakeAccount(): Promise<FakeAccount> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const path = (request.url ?? "").replace(`/accounts/${ACCOUNT}`, "");
    // Of an upload only what comes first is of interest: the Worker's metadata.
    asked.push({ what: `${request.method} ${path}`, body: Buffer.concat(chunks).toString("latin1").slice(0, 10_000) });
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ success: true, errors: [], messages: [], result: resultOf(path) }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the fake account has no port");
  return {
    asked,
    env: {
      CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${address.port}`,
      CLOUDFLARE_API_TOKEN: "not-a-token",
      CLOUDFLARE_ACCOUNT_ID: ACCOUNT,
    },
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function resultOf(path: string): unknown {
  const script = { tag: "tag", tags: [], last_deployed_from: "wrangler" };
  if (path.includes("/services/")) return { default_environment: { environment: "production", script } };
  if (path.endsWith("/deployments")) {
    const versions = [{ version_id: SERVED_VERSION, percentage: 100 }];
    return { deployments: [{ id: "one", source: "wrangler", created_on: "2026-01-01T00:00:00Z", versions }] };
  }
  // Every file of the console is there already.
  if (path.endsWith("/assets-upload-session")) return { jwt: "not-a-token", buckets: [] };
  if (path.endsWith("/settings")) return { bindings: [] };
  if (path.startsWith("/workers/workers/")) return { subdomain: { enabled: true, previews_enabled: false } };
  if (path === "/workers/subdomain") return { subdomain: "team" };
  if (path.endsWith("/subdomain")) return { enabled: true, previews_enabled: false };
  if (path.endsWith("/secrets")) return [];
  return { id: NEW_VERSION, startup_time_ms: 10, metadata: { has_preview: false } };
}
