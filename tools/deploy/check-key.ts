/** Whether MODEL_PUBLIC_KEY is the owner's key, and one that packages can be verified with. */
import { type PublicKey, readPublicKey } from "../../models/sign/public-key.ts";
import { SignatureError } from "../../models/sign/signature-error.ts";
import { type Finding, ok, problem } from "./finding.ts";
import { isPlaceholder } from "./placeholder.ts";

const CHECK = "MODEL_PUBLIC_KEY";
const SET = "npx spillway model keygen, then put the text of spillway-signing.pub.pem there, between triple quotes";

/** `localFingerprint` is that of the key which npm start has made on this machine; null where it has not. */
export async function checkKey(pem: unknown, localFingerprint: string | null): Promise<Finding> {
  if (typeof pem !== "string" || pem.trim() === "") return problem(CHECK, "is not set: no model would be trusted", SET);
  if (isPlaceholder(pem)) return problem(CHECK, "is a placeholder", SET);
  try {
    const keys = await pinnedKeys(pem);
    if (keys.some(({ fingerprint }) => fingerprint === localFingerprint)) {
      const says = "is the key of this machine's own npm start, whose private half lies unguarded beside its logs";
      return problem(CHECK, says, SET);
    }
    const names = keys.map(({ fingerprint, curve }) => `${curve.name}, ${fingerprint.slice(0, 12)}…`);
    return ok(CHECK, names.length === 1 ? `is a key of ${names[0]}` : `has ${names.length} keys: ${names.join("; ")}`);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    return problem(CHECK, sentence(error.message), SET);
  }
}

/** One, or while keys are rotated the old and the new, one PEM block after the other. @throws SignatureError */
export function pinnedKeys(pem: string): Promise<PublicKey[]> {
  const blocks = pem.split(/(?<=-----END PUBLIC KEY-----)/).filter((block) => block.trim() !== "");
  return Promise.all(blocks.map(readPublicKey));
}

/** Without its full stop: a next step follows. */
function sentence(message: string): string {
  return message.replace(/\.$/, "");
}
