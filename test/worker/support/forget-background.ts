/**
 * Setup of each file that shares an isolate. A wait for background work does not include what an earlier file left running, and the
 * next file starts without a stored policy.
 */
import { env } from "cloudflare:workers";
import { afterAll, beforeAll } from "vitest";
import { POLICY_KEY } from "../../../policies/store.ts";
import { forgetBackground } from "./gateway.ts";

beforeAll(() => env.POLICIES.delete(POLICY_KEY));
afterAll(forgetBackground);
