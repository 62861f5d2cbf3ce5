import "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the misbehaving origin listens; ends in `/`, append a behaviour. */
    faultOrigin: string;
  }
}
