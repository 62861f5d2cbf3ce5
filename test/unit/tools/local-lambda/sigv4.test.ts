import { describe, expect, it } from "vitest";
import { signatureOf } from "../../../../tools/local-lambda/sigv4.ts";
import { httpRequest } from "./requests.ts";

/** AWS's published Signature Version 4 test suite: same key, date and scope in every case. */
const input = {
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  scope: { date: "20150830", region: "us-east-1", service: "service", terminator: "aws4_request" },
  amzDate: "20150830T123600Z",
};
const base: [string, string][] = [
  ["Host", "example.amazonaws.com"],
  ["X-Amz-Date", "20150830T123600Z"],
];
const utf8OnTheWire = Buffer.from("ሴ").toString("latin1");

describe("signatureOf agrees with AWS's test suite on", () => {
  it.each<{
    name: string;
    target: string;
    method?: string;
    headers?: [string, string][];
    body?: string;
    signature: string;
  }>([
    { name: "get-vanilla", target: "/", signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
    {
      name: "get-vanilla-query-order-key-case",
      target: "/?Param2=value2&Param1=value1",
      signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    },
    {
      name: "get-vanilla-utf8-query",
      target: "/?ሴ=bar",
      signature: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
    },
    {
      name: "get-utf8",
      target: `/${utf8OnTheWire}`,
      signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
    },
    {
      name: "get-space",
      target: "/example space/",
      signature: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
    },
    { name: "get-slash", target: "//", signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
    {
      name: "get-slashes",
      target: "//example//",
      signature: "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
    },
    {
      name: "get-relative",
      target: "/example/..",
      signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    },
    {
      name: "get-slash-pointless-dot",
      target: "/./example",
      signature: "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5",
    },
    {
      name: "get-header-key-duplicate",
      target: "/",
      headers: [
        ["My-Header1", "value2"],
        ["My-Header1", "value2"],
        ["My-Header1", "value1"],
      ],
      signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
    },
    {
      name: "get-header-value-trim",
      target: "/",
      headers: [
        ["My-Header1", " value1"],
        ["My-Header2", ' "a   b   c"'],
      ],
      signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    },
    {
      name: "post-vanilla",
      target: "/",
      method: "POST",
      signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    },
    {
      name: "post-x-www-form-urlencoded",
      target: "/",
      method: "POST",
      headers: [["Content-Type", "application/x-www-form-urlencoded"]],
      body: "Param1=value1",
      signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    },
  ])("$name", ({ target, method = "GET", headers = [], body = "", signature }) => {
    const request = httpRequest(target, { method, headers: [...base, ...headers], body });
    expect(signatureOf(request, { ...input, signedHeaders: [...request.headers.keys()].sort() })).toBe(signature);
  });
});
