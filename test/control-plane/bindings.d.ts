/// <reference types="@cloudflare/vitest-plugin/types" />
declare namespace Cloudflare {
  interface Env extends Spillway {}
  interface GlobalProps {
    mainModule: typeof import("../../control-plane/index.ts");
  }
}

type Spillway = import("../../control-plane/ports.ts").Env;
