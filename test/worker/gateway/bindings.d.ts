/** What the test pool binds: the Worker's own bindings, the files of the checkout, and the Worker itself. */
declare namespace Cloudflare {
  interface Env {
    POLICIES: KVNamespace;
    MODELS: R2Bucket;
    FILES: Fetcher;
  }
  interface GlobalProps {
    mainModule: typeof import("../../../gateway/index.ts");
  }
}
