/** A caller that announces more than it sends and then sends nothing more, but still listens. */
import { once } from "node:events";
import { connect } from "node:net";
import type { Running } from "./system.ts";

/** Resolves to what the gateway answered: status, and the body as JSON. */
export async function sendHalfABody({ ports }: Running): Promise<{ status: number; body: unknown }> {
  const socket = connect(ports.gateway, "127.0.0.1").setEncoding("utf8");
  let answer = "";
  socket.on("data", (text: string) => (answer += text));
  socket.write(
    "POST /v1/classify HTTP/1.1\r\nhost: x\r\nconnection: close\r\n" +
      'content-type: application/json\r\ncontent-length: 100\r\n\r\n{"inputs": "half',
  );
  await once(socket, "close");
  const [head = "", ...rest] = answer.split("\r\n\r\n");
  const json = rest.join("").match(/\{.*\}/s)?.[0] ?? "null";
  return { status: Number(head.split(" ")[1]), body: JSON.parse(json) };
}
