/** What `npm run deploy` looks for is what the gateway reads; the compiler compares them (tsc -p gateway/tsconfig.json). */
import { expectTypeOf, it } from "vitest";
import type { Env } from "../../../gateway/compose.ts";
import type { BindingName } from "../../../tools/deploy/check-bindings.ts";

it("knows every binding, variable and secret of the gateway", () => {
  expectTypeOf<Exclude<keyof Env, BindingName>>().toEqualTypeOf<never>();
});
