/** Setup of each file that shares an isolate: a wait for background work does not include what an earlier file left running. */
import { afterAll } from "vitest";
import { forgetBackground } from "./gateway.ts";

afterAll(forgetBackground);
