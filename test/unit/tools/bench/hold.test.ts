import { expect, it } from "vitest";
import { type RequestName, sendUntil } from "../../../../tools/bench/hold/requests.ts";

it("measures all requests until the load or the run ends, and passes its error on", async () => {
  const sent: RequestName[] = [];
  const send = (name: RequestName) => () => {
    sent.push(name);
    return Promise.resolve(3);
  };
  const requests = {
    "health check": send("health check"),
    refusal: send("refusal"),
    "spilled text": send("spilled text"),
    "short text": send("short text"),
  };
  const over = Promise.withResolvers<void>();
  const measured = sendUntil(requests, 0, over.promise);
  while (sent.length < 12) await new Promise((resolve) => setImmediate(resolve));
  over.resolve();
  for (const times of Object.values(await measured)) expect(times.length).toBeGreaterThanOrEqual(1);
  await expect(sendUntil(requests, 0, Promise.reject(new Error("rejected model")))).rejects.toThrow("rejected model");
});
