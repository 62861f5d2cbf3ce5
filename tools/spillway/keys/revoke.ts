/** `spillway keys revoke <id>`: the key stops. */
import type { Command } from "commander";
import { REVOKED_WITHIN_SECONDS } from "../../../keys/effect.ts";
import { revokeKey } from "../../keys/desk.ts";
import { takesWhere, type WhereOptions, withKv } from "../where.ts";

export function registerRevoke(keys: Command): void {
  const revoke = keys
    .command("revoke")
    .description("Stop a key for good.")
    .argument("<id>", "its id, as spillway keys list shows it, or the key itself");
  takesWhere(revoke).action(async (named: string, where: WhereOptions) => {
    const { id, name, revokedAt, before } = await withKv("KEYS", where, (kv) => revokeKey(kv, named, new Date()));
    if (before) console.log(`${id} (${name}) was revoked before, at ${revokedAt}; nothing was changed.`);
    else console.log(`${id} (${name}) is revoked; it stops within ${REVOKED_WITHIN_SECONDS} s.`);
    if (!before && where.remote) console.error("  (as KV's caches end; Cloudflare gives no bound for other locations)");
  });
}
