/** Who calls, and by which policy: what a request is asked before its texts are looked at, each with its span. */
import type { PolicyRead } from "../policies/store.ts";
import { type Authenticated, authenticate } from "./authenticate/authenticate.ts";
import { connectionOf } from "./authenticate/caller.ts";
import { plainText } from "./telemetry/allowed-attributes.ts";
import { inSpan, recordSampling } from "./telemetry/span.ts";
import type { Call, World } from "./world.ts";

export function whoCalls(request: Request, { access, clock }: World, call: Call): Promise<Authenticated> {
  return inSpan("authenticate", {}, async (span) => {
    const { location, asn, tls } = connectionOf(request.cf);
    // All that a trace says of where somebody is.
    if (location.country !== null) span.setAttribute("geo.country.iso_code", location.country);
    if (asn !== null) span.setAttribute("spillway.client.asn", asn);
    if (tls !== null && tls !== "none") span.setAttribute("tls.protocol.version", tls);
    const authenticated = await authenticate(request, access, clock, call);
    const { keyId, asked, rateUnknown } = authenticated;
    if (keyId !== null) span.setAttribute("spillway.api_key.id", keyId);
    if (asked) span.setAttribute("spillway.api_key.asked", true);
    if (rateUnknown) span.setAttribute("spillway.rate.unknown", true);
    return authenticated;
  });
}

/** The policy, in force on both sides and for what is kept of the trace. */
export function policyFor({ policies, edge, origins }: World, call: Call): Promise<PolicyRead> {
  return inSpan("policy", {}, async (span) => {
    const read = await policies.read(call.keepAlive);
    const { policy, source, problem, asked } = read;
    edge.obey(policy);
    origins.obey(policy);
    recordSampling(policy.sampling);
    span.setAttributes({
      "spillway.policy.version": policy.version,
      "spillway.policy.source": source,
      "spillway.policy.asked": asked,
      ...(problem !== null && { "spillway.policy.problem": plainText(problem) }),
    });
    return read;
  });
}
