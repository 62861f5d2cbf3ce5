import { expect, it } from "vitest";
import { checkTokens, childEnvironment, givenCredentials } from "../../../../tools/start/credentials.ts";

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

it("a token that no Worker accepts is refused before anything is started, with what is allowed and the next step", () => {
  for (const token of ["", " ", "short"]) {
    expect(() => checkTokens({ OPERATOR_TOKEN: token }), token).toThrow(
      /^OPERATOR_TOKEN (is set, but blank|has 5 characters; it must have at least \d+): create one with openssl rand -hex 32, or leave OPERATOR_TOKEN unset\.$/,
    );
    expect(() => checkTokens({ READ_ONLY_TOKEN: token }), token).toThrow(/^READ_ONLY_TOKEN /);
  }
  const [one, another] = ["0123456789abcdef".repeat(4), "fedcba9876543210".repeat(4)];
  expect(() => checkTokens({ READ_ONLY_TOKEN: one })).toThrow(/^READ_ONLY_TOKEN needs OPERATOR_TOKEN: /);
  expect(() => checkTokens({ READ_ONLY_TOKEN: one, OPERATOR_TOKEN: one })).toThrow(/^READ_ONLY_TOKEN is the same as /);
  expect(() => checkTokens({ READ_ONLY_TOKEN: one, OPERATOR_TOKEN: another })).not.toThrow();
  expect(() => checkTokens({})).not.toThrow();
  expect(() => checkTokens({ OPERATOR_TOKEN: "0123456789abcdef".repeat(4) })).not.toThrow();
});
