/** An export request as the body of a POST. Pure. */
import type { Requests, Signal } from "./messages.ts";
import { encodeProtobuf } from "./protobuf.ts";
import type { Protocol } from "./settings.ts";

export interface ExportBody {
  contentType: string;
  body: string | Uint8Array<ArrayBuffer>;
}

/** Encodes one request in the protocol that the backend is configured for. */
export function exportBody<S extends Signal>(signal: S, request: Requests[S], protocol: Protocol): ExportBody {
  return protocol === "http/protobuf"
    ? { contentType: "application/x-protobuf", body: encodeProtobuf(signal, request) }
    : { contentType: "application/json", body: JSON.stringify(request) };
}
