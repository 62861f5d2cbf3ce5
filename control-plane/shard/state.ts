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
  /** By the id of a key, the start of the hour of its last use: those that the root has not confirmed. */
  keyUses: Map<string, number>;
}

/** The state of new storage. */
export function newState(lastNumber: number): ShardState {
  return { storage: crypto.randomUUID(), lastNumber, sequences: new Map(), minutes: new Minutes(), keyUses: new Map() };
}

export function encodeState({ storage, lastNumber, sequences, minutes, keyUses }: ShardState): Uint8Array<ArrayBuffer> {
  const writer = new VarintWriter();
  writer.text(storage);
  writer.number(lastNumber);
  writer.number(sequences.size);
  for (const [isolate, sequence] of sequences) {
    writer.text(isolate);
    writeSequence(writer, sequence);
  }
  writer.block(encodeMinutes(minutes));
  writer.number(keyUses.size);
  for (const [id, hourMs] of keyUses) {
    writer.text(id);
    writer.number(hourMs);
  }
  return writer.bytes();
}

/** @throws LedgerFormatError for bytes that are not a state */
export function decodeState(bytes: Uint8Array): ShardState {
  const reader = new VarintReader(bytes);
  const [storage, lastNumber] = [reader.text(), reader.number()];
  const sequences = new Map<string, Sequence>();
  for (let left = reader.number(); left > 0; left--) sequences.set(reader.text(), readSequence(reader));
  const minutes = decodeMinutes(reader.block());
  const keyUses = new Map<string, number>();
  // A state of before last uses ends with its counts.
  if (reader.isAtEnd) return { storage, lastNumber, sequences, minutes, keyUses };
  for (let left = reader.number(); left > 0; left--) keyUses.set(reader.text(), reader.number());
  return { storage, lastNumber, sequences, minutes, keyUses };
}
