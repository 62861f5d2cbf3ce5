import { expect, it } from "vitest";
import { childEnvironment, givenCredentials } from "../../../../tools/start/credentials.ts";

const KEYS = { AWS_ACCESS_KEY_ID: "ASIA1", AWS_SECRET_ACCESS_KEY: "secret" };

it("a session token or telemetry settings in the shell do not reach the programs that npm start runs", () => {
  const shell = {
    PATH: "/bin",
    AWS_SESSION_TOKEN: "token",
    OTEL_SERVICE_NAME: "mine",
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
  };
  expect(childEnvironment(shell)).toEqual({ PATH: "/bin" });
});

it("for another origin the gateway gets the shell's credentials, with their session token", () => {
  expect(givenCredentials({ ...KEYS, PATH: "/bin" })).toEqual(KEYS);
  expect(givenCredentials({ ...KEYS, AWS_SESSION_TOKEN: "token" })).toEqual({ ...KEYS, AWS_SESSION_TOKEN: "token" });
  expect(() => givenCredentials({ AWS_ACCESS_KEY_ID: "ASIA1" })).toThrow(
    /^SPILLWAY_ORIGIN_URL needs AWS_ACCESS_KEY_ID and/,
  );
});
