/** Variables of a gateway that asks nobody for a key and counts no requests: for a developer's machine, tests and benchmarks. */
export const openToAll = { ANONYMOUS_ACCESS: "allowed", ANONYMOUS_RATE: "unlimited" };
