/** What the stack permits, read from the template. cfn-lint checks that the template is valid (tools/checks/check-template.sh). */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isMap, isScalar, isSeq, type Node, parseDocument } from "yaml";
import { z } from "zod";
import { parsePolicy } from "../../../policies/parse.ts";
import { HANDLER_FILE, MODEL_FOLDER } from "../../../tools/build-lambda/artifact-files.ts";
import { generateKeyPair } from "../../../tools/spillway/model/sign/keys.ts";

const read = (name: string) => readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8");

const template = z
  .object({
    Parameters: z.record(z.string(), z.looseObject({ Type: z.string() })),
    Resources: z.record(
      z.string(),
      z.looseObject({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
    ),
    Outputs: z.record(z.string(), z.unknown()),
  })
  .parse(plain(parseDocument(read("lambda-origin/template.yaml"), { logLevel: "silent" }).contents));

/** CloudFormation's short forms in their long form: `!Ref x` is `{ Ref: x }`, `!GetAtt a.b` is `{ "Fn::GetAtt": "a.b" }`. */
function plain(node: unknown): unknown {
  const value = withoutTag(node);
  const tag = isMap(node) || isSeq(node) || isScalar(node) ? node.tag : undefined;
  if (!tag?.startsWith("!")) return value;
  return { [tag === "!Ref" ? "Ref" : `Fn::${tag.slice(1)}`]: value };
}

function withoutTag(node: unknown): unknown {
  if (isMap<Node, Node>(node)) {
    return Object.fromEntries(node.items.map(({ key, value }) => [String(plain(key)), plain(value)]));
  }
  if (isSeq(node)) return node.items.map(plain);
  return isScalar(node) ? node.value : null;
}

const all = (type: string) => Object.values(template.Resources).filter((resource) => resource.Type === type);
function only(type: string): Record<string, unknown> {
  const [resource, ...more] = all(type);
  if (!resource || more.length > 0) throw new Error(`${more.length + (resource ? 1 : 0)} resources of ${type}`);
  return resource.Properties;
}

const arn = { "Fn::GetAtt": "OriginFunction.Arn" };
const functionProperties = only("AWS::Lambda::Function");

describe("the caller of the function", () => {
  it("is authenticated by AWS_IAM, at the only URL", () => {
    expect(only("AWS::Lambda::Url")).toMatchObject({ AuthType: "AWS_IAM", TargetFunctionArn: arn });
  });

  it("has both permissions, only for calls through the URL", () => {
    const principal = { "Fn::If": ["MakesUser", { "Fn::GetAtt": "GatewayUser.Arn" }, { Ref: "GatewayPrincipalArn" }] };
    const base = { FunctionName: arn, Principal: principal };
    expect(all("AWS::Lambda::Permission").map(({ Properties }) => Properties)).toEqual([
      { ...base, Action: "lambda:InvokeFunctionUrl", FunctionUrlAuthType: "AWS_IAM" },
      { ...base, Action: "lambda:InvokeFunction", InvokedViaFunctionUrl: true },
    ]);
  });

  it("is one named user, never the public, an account, or a role, which a Worker cannot use", () => {
    const allowed = new RegExp(`^(?:${template.Parameters["GatewayPrincipalArn"]?.["AllowedPattern"]})$`);
    for (const good of ["", "arn:aws:iam::123456789012:user/a", "arn:aws-us-gov:iam::123456789012:user/path/b"]) {
      expect(good).toMatch(allowed);
    }
    for (const bad of [
      "*",
      "123456789012",
      "arn:aws:iam::123456789012:root",
      "arn:aws:iam::123456789012:user/*",
      "arn:aws:iam::123456789012:role/b",
    ]) {
      expect(bad).not.toMatch(allowed);
    }
  });

  it("may do nothing else: the user's policy has the two actions, on this function", () => {
    const { PolicyDocument } = only("AWS::IAM::UserPolicy");
    expect(PolicyDocument).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: "lambda:InvokeFunctionUrl",
          Resource: arn,
          Condition: { StringEquals: { "lambda:FunctionUrlAuthType": "AWS_IAM" } },
        },
        {
          Effect: "Allow",
          Action: "lambda:InvokeFunction",
          Resource: arn,
          Condition: { Bool: { "lambda:InvokedViaFunctionUrl": "true" } },
        },
      ],
    });
    expect(only("AWS::IAM::User")).toEqual({});
  });
});

describe("the function's own role", () => {
  it("may only write to its own log group", () => {
    const { Policies, ManagedPolicyArns } = only("AWS::IAM::Role");
    expect(ManagedPolicyArns).toBeUndefined();
    expect(Policies).toEqual([
      {
        PolicyName: "own-logs",
        PolicyDocument: {
          Version: "2012-10-17",
          Statement: [
            {
              Effect: "Allow",
              Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
              Resource: {
                // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's
                "Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${OriginLogs}:*",
              },
            },
          ],
        },
      },
    ]);
  });

  it("has, like every policy, no statement for every action, resource or principal", () => {
    const statements = statementsIn(template.Resources);
    expect(statements).toHaveLength(4);
    const values = statements.flatMap(({ Action, Resource, Principal }) => [Action, Resource, Principal].flat());
    expect(values).toContain("lambda:InvokeFunction");
    expect(values.filter((value) => typeof value === "string" && /^\*$|^\w+:\*$/.test(value))).toEqual([]);
  });
});

/** Every policy statement at any depth. */
function statementsIn(value: unknown): Record<string, unknown>[] {
  if (typeof value !== "object" || value === null) return [];
  const own = z.object({ Statement: z.array(z.record(z.string(), z.unknown())) }).safeParse(value);
  return [...(own.data?.Statement ?? []), ...Object.values(value).flatMap(statementsIn)];
}

describe("secrets", () => {
  it("are in no output, and the template creates no access key, whose secret would have to be", () => {
    expect(all("AWS::IAM::AccessKey")).toEqual([]);
    expect(Object.keys(template.Outputs)).toEqual([
      "FunctionUrl",
      "FunctionArn",
      "GatewayUserName",
      "GatewayArn",
      "LogGroup",
    ]);
    expect(JSON.stringify(template.Outputs)).not.toMatch(/secret|password|headers|resolve:/i);
  });

  it("are not parameters: the OTLP headers come from Secrets Manager by name", () => {
    expect(Object.values(template.Parameters).filter((parameter) => parameter["NoEcho"])).toEqual([]);
    const uses = JSON.stringify(template.Resources).match(/"[^"]*OtlpHeadersSecret[^"]*"/g);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's
    expect(uses).toEqual(['"{{resolve:secretsmanager:${OtlpHeadersSecret}:SecretString}}"']);
  });
});

describe("the cost", () => {
  it("is bounded by 3 GB and a number of concurrent calls", () => {
    expect(template.Parameters["MemoryMiB"]).toMatchObject({ Default: 3072 });
    expect(functionProperties["MemorySize"]).toEqual({ Ref: "MemoryMiB" });
    expect(template.Parameters["ReservedConcurrency"]).toMatchObject({ Default: 10, MinValue: -1 });
    expect(functionProperties["ReservedConcurrentExecutions"]).toEqual({
      "Fn::If": ["Reserves", { Ref: "ReservedConcurrency" }, { Ref: "AWS::NoValue" }],
    });
  });

  it("is not increased by a timeout: the function runs longer than the gateway waits for it", () => {
    const policy = parsePolicy("{}");
    if (!policy.ok) throw new Error("the empty policy does not parse");
    expect(Number(template.Parameters["TimeoutSeconds"]?.["Default"]) * 1000).toBeGreaterThan(
      policy.policy.origin.timeoutMs,
    );
  });
});

describe("the logs", () => {
  it("contain only crashes, for a week", () => {
    expect(functionProperties["LoggingConfig"]).toEqual({
      LogGroup: { Ref: "OriginLogs" },
      LogFormat: "JSON",
      SystemLogLevel: "WARN",
      ApplicationLogLevel: "ERROR",
    });
    expect(only("AWS::Logs::LogGroup")).toMatchObject({ RetentionInDays: 7 });
  });
});

describe("the template and the artifact agree", () => {
  it("on the handler, the model's folder and Node's version, for a zip and an image", () => {
    expect(functionProperties["Handler"]).toEqual({
      "Fn::If": ["IsImage", { Ref: "AWS::NoValue" }, "handler.handler"],
    });
    expect(HANDLER_FILE).toBe("handler.mjs");
    expect(functionProperties["Environment"]).toMatchObject({
      Variables: { SPILLWAY_MODEL_DIR: `/var/task/${MODEL_FOLDER}`, MODEL_PUBLIC_KEY: { Ref: "ModelPublicKey" } },
    });
    const node = z.object({ devDependencies: z.object({ node: z.string() }) }).parse(JSON.parse(read("package.json")));
    const major = node.devDependencies.node.split(".")[0];
    expect(functionProperties["Runtime"]).toEqual({
      "Fn::If": ["IsImage", { Ref: "AWS::NoValue" }, `nodejs${major}.x`],
    });
    expect(read("lambda-origin/Dockerfile")).toMatch(
      new RegExp(`^FROM public\\.ecr\\.aws/lambda/nodejs:${major}$`, "m"),
    );
    expect(read("lambda-origin/Dockerfile")).toContain('CMD ["handler.handler"]');
  });

  it("on the key: the template accepts what keygen writes, with newlines or spaces", () => {
    const pattern = new RegExp(`^(?:${template.Parameters["ModelPublicKey"]?.["AllowedPattern"]})$`);
    for (const curve of ["p256", "p384"] as const) {
      const { publicKey, privateKey } = generateKeyPair(curve);
      expect(publicKey).toMatch(pattern);
      expect(publicKey.replaceAll("\n", " ")).toMatch(pattern);
      expect(privateKey).not.toMatch(pattern);
      // During a key rotation.
      const other = generateKeyPair("p256").publicKey;
      expect(publicKey + other).toMatch(pattern);
      expect((publicKey + other).replaceAll("\n", " ")).toMatch(pattern);
      expect(publicKey + privateKey).not.toMatch(pattern);
    }
  });
});

describe("docs/guide/deploy-origin.md", () => {
  const docs = read("docs/guide/deploy-origin.md");

  it("uses only parameters and outputs that the template has", () => {
    const overrides = docs.matchAll(/--parameter-overrides ([^\n]+)/g);
    const used = [...overrides].flatMap(([, list = ""]) =>
      [...list.matchAll(/(?:^| )([A-Z]\w+)=/g)].map(([, name]) => name),
    );
    expect(used.length).toBeGreaterThan(8);
    expect(Object.keys(template.Parameters)).toEqual(expect.arrayContaining(used));
    const outputs = [...docs.matchAll(/\$\(output (\w+)\)/g)].map(([, name]) => name);
    expect(outputs.length).toBeGreaterThan(3);
    expect(Object.keys(template.Outputs)).toEqual(expect.arrayContaining(outputs));
  });
});
