/** The bare Worker, which the bench compares with the gateway: it parses a request, calls the origin, parses its answer and responds. */
import type { OriginAnswer } from "../../../formats/origin-wire.ts";

interface Env {
  ORIGIN_URL: string;
}

export default {
  async fetch(request, { ORIGIN_URL }) {
    if (request.method === "GET") return new Response();
    const { inputs } = await request.json<{ inputs: string }>();
    const body = JSON.stringify({ text: inputs });
    const answered = await fetch(ORIGIN_URL, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      signal: request.signal,
    });
    const { labels, windows } = await answered.json<OriginAnswer>();
    return Response.json([labels.map((label, index) => ({ label, score: windows[0]?.logits[index] }))]);
  },
} satisfies ExportedHandler<Env>;
