/** What a shard must not lose when it leaves memory, packed into one row so that each message writes one row. Pure. */
import { VarintReader, VarintWriter } from "../../formats/ledger/varints.ts";
import { decodeMinutes, encodeMinutes, Minutes } from "../minutes.ts";
import { readSequence, type Sequence, writeSequence } from "./isolates.ts";

export interface ShardState {
  /** A random id of this storage. */
  storage: string;
  /** The number of the last batch; 0 before the first one. */
  lastNumber: number;
  /** By isolate, of those that were heard of within the last minutes. */
  sequences: Map<string, Sequence>;
  /** Counts that are in no batch yet. */
  minutes: Minutes;
}

/** The state of new storage. */
export function newState(lastNumber: number): ShardState {
  return { storage: crypto.randomUUID(), lastNumber, sequences: new Map(), minutes: new Minutes() };
}

export function encodeState({ storage, lastNumber, sequences, minutes }: ShardState): Uint8Array<ArrayBuffer> {
  const writer = new VarintWriter();
  writer.text(storage);
  writer.number(lastNumber);
  writer.number(sequences.size);
  for (const [isolate, sequence] of sequences) {
    writer.text(isolate);
    writeSequence(writer, sequence);
  }
  writer.block(encodeMinutes(minutes));
  return writer.bytes();
}

/** @throws LedgerFormatError for bytes that are not a state */
export function decodeState(bytes: Uint8Array): ShardState {
  const reader = new VarintReader(bytes);
  const [storage, lastNumber] = [reader.text(), reader.number()];
  const sequences = new Map<string, Sequence>();
  for (let left = reader.number(); left > 0; left--) sequences.set(reader.text(), readSequence(reader));
  return { storage, lastNumber, sequences, minutes: decodeMinutes(reader.block()) };
}
