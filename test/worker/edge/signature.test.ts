/** The reference implementation's vectors with workerd's WebCrypto. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { SignatureError } from "../../../formats/signature/signature-error.ts";
import { verifyBundle } from "../../../formats/signature/verify-bundle.ts";
import accepted from "../../vectors/model-signing/made/accepted.json";
import refused from "../../vectors/model-signing/made/refused.json";

async function publicKey(curve: string): Promise<string> {
  return (await env.FILES.fetch(`http://files/test/vectors/model-signing/made/${curve}.pub.pem`)).text();
}

describe("in workerd, a bundle of the reference implementation", () => {
  it.each(accepted)("$curve verifies: $case", async ({ curve, bundle }) => {
    const { resources } = await verifyBundle(JSON.stringify(bundle), await publicKey(curve));
    expect(resources.length).toBeGreaterThan(0);
  });

  it.each(refused)("$curve is refused as $reason: $case", async ({ curve, bundle, reason }) => {
    const verified = verifyBundle(JSON.stringify(bundle), await publicKey(curve));
    await expect(verified).rejects.toThrow(SignatureError);
    await expect(verified).rejects.toMatchObject({ reason });
  });
});
