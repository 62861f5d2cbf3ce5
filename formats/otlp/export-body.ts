/** An export request as the body of one POST. Pure. */
import type { Requests, Signal } from "./messages.ts";
import { encodeProtobuf } from "./protobuf.ts";
import type { Protocol } from "./settings.ts";

export interface ExportBody {
  contentType: string;
  body: string | Uint8Array<ArrayBuffer>;
}

export function exportBody<S extends Signal>(signal: S, request: Requests[S], protocol: Protocol): ExportBody {
  return protocol === "http/protobuf"
    ? { contentType: "application/x-protobuf", body: encodeProtobuf(signal, request) }
    : { contentType: "application/json", body: JSON.stringify(request) };
}
