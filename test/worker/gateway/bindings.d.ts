/** What the test pool binds: the Worker's own bindings and the files of the checkout. */
declare namespace Cloudflare {
  interface Env {
    POLICIES: KVNamespace;
    MODELS: R2Bucket;
    FILES: Fetcher;
  }
}
