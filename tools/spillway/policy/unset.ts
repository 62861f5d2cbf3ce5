/** `spillway policy unset edge.share`: back to a default, as a new version. */
import type { Command } from "commander";
import { documentOf } from "../../policy/document.ts";
import { isObject } from "../../policy/json.ts";
import { valueAt, withoutValueAt } from "../../policy/path.ts";
import { editablePath } from "./set.ts";
import { withSeen } from "./where.ts";
import { storeAndSay, takesWrite, type WriteOptions } from "./write.ts";

export function registerUnset(policy: Command): void {
  const unset = policy
    .command("unset")
    .description("Remove one value of the policy, so that its default serves, as a new version.")
    .argument("<path>", "a place such as edge.share");
  takesWrite(unset).action((place: string, options: WriteOptions) =>
    withSeen(options, async (seen, kv) => {
      const path = editablePath(place);
      const document = documentOf(seen.stored);
      const changed = withoutValueAt(document, path);
      if (valueAt(document, path) === undefined) console.log(`${place} is not set; nothing was stored.`);
      else if (isObject(changed)) await storeAndSay(kv, seen, changed, options);
    }),
  );
}
