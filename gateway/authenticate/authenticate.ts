/** Keys are checked at the front door once there are keys (anonymous today). */
import { type Caller, callerOf } from "./caller.ts";

export function authenticate({ headers, cf }: Request): Caller {
  return callerOf(headers, cf);
}
