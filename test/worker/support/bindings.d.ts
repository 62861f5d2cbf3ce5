/** What the test pool binds: the Worker's own bindings, the files of the checkout, and the Worker itself. */
/// <reference types="@cloudflare/vitest-plugin/types" />
declare namespace Cloudflare {
  interface Env {
    POLICIES: KVNamespace;
    KEYS: KVNamespace;
    RATE_SMALL: RateLimit;
    RATE_STANDARD: RateLimit;
    RATE_LARGE: RateLimit;
    FAILED_AUTH: RateLimit;
    ANONYMOUS_ACCESS: string;
    ANONYMOUS_RATE: string;
    MODELS: R2Bucket;
    FILES: Fetcher;
    MODEL_PUBLIC_KEY: string;
    /** The other half, with which the tests sign their packages. */
    SIGNING_KEY: string;
  }
  interface GlobalProps {
    mainModule: typeof import("../../../gateway/index.ts");
  }
}
