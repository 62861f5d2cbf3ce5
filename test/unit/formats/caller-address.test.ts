import { describe, expect, it } from "vitest";
import { addressOf } from "../../../formats/caller-address.ts";

const of = (address: string) => addressOf(new Headers({ "cf-connecting-ip": address }));

describe("failures and requests are counted by", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002::9", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["2001:db8:0:0:1::", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["", "unknown"],
  ])("the network of %j: %s", (address, network) => {
    expect(of(address)).toBe(network);
  });

  it.each([
    ["2a06:98c0:3600::103", "A.example", "2a06:98c0:3600:0::/64 a.example"],
    ["2a06:98c0:3600::103", "", "2a06:98c0:3600:0::/64"],
    // Outside of Workers' network, the header is the caller's choice.
    ["2001:db8::1", "a.example", "2001:db8:0:0::/64"],
    ["192.0.2.7", "a.example", "192.0.2.7"],
  ])("%s with the Worker's zone %j: %s", (address, zone, network) => {
    expect(addressOf(new Headers({ "cf-connecting-ip": address, "cf-worker": zone }))).toBe(network);
  });

  it("the address that Cloudflare reports, not one that the caller sends", () => {
    expect(addressOf(new Headers({ "x-forwarded-for": "192.0.2.7", "x-real-ip": "192.0.2.7" }))).toBe("unknown");
  });
});
