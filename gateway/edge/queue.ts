/**
 * The edge's queue: one run at a time, with a wait that is known before joining. A run may have several texts: neighbours in the queue
 * that may run together. Each waiter polls with its own timer, because a promise of another request may never settle in workerd.
 */
import type { Clock } from "../call.ts";

/** How often the text directly behind a run polls, between the steps of that run. */
const ASK_EVERY_MS = 2;
/**
 * A text further back polls after this part of its predicted wait. A poll takes 0.04 ms of the thread (decision 026): 50 texts that poll
 * every 2 ms would leave no time for the runs that they wait for.
 */
const ASK_AFTER_PART = 0.25;
/** Texts before it may leave at any moment: their callers hang up. */
const MAX_ASK_MS = 32;
/** A run that exceeds its prediction by more than this may have died with its request. */
const OVERDUE_MS = 20;
/** A ticket whose request ended without leaving the queue is dropped this long after its turn should have ended, or was renewed. */
const LEASE_MS = 5000;

/** A text that waits for its run. */
export interface Waiting<Item> {
  item: Item;
  predictedMs: number;
  /** Aborted when the caller hangs up, or when the text is no longer needed. */
  signal: AbortSignal;
}

/** A text whose turn has come. */
export interface Turn<Item> {
  item: Item;
  signal: AbortSignal;
  joinedAtMs: number;
  /** To be called while the run makes progress: a turn that is not renewed passes to the next text after a while. */
  renew(): void;
}

export interface QueueOptions<Item> {
  clock: Clock;
  /** Whether `next` may run together with the texts directly before it. Only texts of one request may: they wait for each other. */
  mayJoin(batch: readonly Item[], next: Item): boolean;
  /** Prediction for texts that run together, in ms; not called for a single one. */
  predictedMs(batch: readonly Item[]): number;
}

/** Runs the texts of one turn, and resolves to one result per text. */
export type RunTurns<Item, Result> = (turns: readonly Turn<Item>[]) => Promise<readonly Result[]>;

interface Ticket<Item, Result> extends Turn<Item> {
  /** 0 for a text that runs in another one's turn. */
  predictedMs: number;
  expiresAtMs: number;
  /** Null while it waits. */
  beganAtMs: number | null;
  /** Of a text that runs in another one's turn; null otherwise. */
  result: Promise<Result> | null;
}

export class EdgeQueue<Item, Result> {
  #tickets: Ticket<Item, Result>[] = [];
  readonly #options: QueueOptions<Item>;

  constructor(options: QueueOptions<Item>) {
    this.#options = options;
  }

  /** How long a text that joins now would wait, in ms. */
  waitMs(): number {
    this.#dropExpired();
    const nowMs = this.#options.clock.nowMs();
    return waitBehindMs(this.#tickets, nowMs);
  }

  /** Texts that run or wait to run. */
  texts(): number {
    this.#dropExpired();
    return this.#tickets.length;
  }

  /** How many groups the texts belong to that run or wait to run; `groupOf` gives a text's group. */
  groups(groupOf: (item: Item) => unknown): number {
    this.#dropExpired();
    // Called at each step of a run: no set for the one text that most runs have.
    return this.#tickets.length < 2
      ? this.#tickets.length
      : new Set(this.#tickets.map(({ item }) => groupOf(item))).size;
  }

  /** Runs the text when it is its turn; resolves to "gone" if the caller hung up while it waited. */
  async takeTurn({ item, predictedMs, signal }: Waiting<Item>, run: RunTurns<Item, Result>): Promise<Result | "gone"> {
    const { clock } = this.#options;
    const joinedAtMs = clock.nowMs();
    const expiresAtMs = joinedAtMs + this.waitMs() + predictedMs + LEASE_MS;
    const ticket: Ticket<Item, Result> = {
      ...{ item, predictedMs, signal, joinedAtMs, expiresAtMs, beganAtMs: null, result: null },
      renew: () => {
        ticket.expiresAtMs = Math.max(ticket.expiresAtMs, clock.nowMs() + LEASE_MS);
      },
    };
    return this.#wait(ticket, run);
  }

  async #wait(ticket: Ticket<Item, Result>, run: RunTurns<Item, Result>): Promise<Result | "gone"> {
    this.#tickets.push(ticket);
    try {
      // At least one wait: other requests see this ticket, and the clock moves, before the run begins. The first one has no length: texts
      // of the request whose run has just ended leave the queue in this turn of the event loop.
      let waitMs = 0;
      do {
        await this.#options.clock.wait(waitMs);
        waitMs = this.#askAgainMs(ticket);
        ticket.renew();
      } while (ticket.result === null && !ticket.signal.aborted && !this.#isFirst(ticket));
      if (ticket.result !== null) return await ticket.result;
      if (ticket.signal.aborted) return "gone";
      return await this.#lead(ticket, run);
    } finally {
      this.#tickets = this.#tickets.filter((other) => other !== ticket);
    }
  }

  /** The first one behind a run that is about to end polls at each of its pauses: no time passes between the two runs. */
  #askAgainMs(ticket: Ticket<Item, Result>): number {
    const [running, next] = this.#tickets;
    const nowMs = this.#options.clock.nowMs();
    if (running === undefined || running === ticket) return 0;
    if (next !== ticket) {
      const partMs = ASK_AFTER_PART * waitBehindMs(this.#tickets.slice(0, this.#tickets.indexOf(ticket)), nowMs);
      return Math.min(Math.max(partMs, ASK_EVERY_MS), MAX_ASK_MS);
    }
    if (running.beganAtMs === null) return ASK_EVERY_MS;
    const overdueMs = nowMs - running.beganAtMs - running.predictedMs;
    return Math.abs(overdueMs) < OVERDUE_MS ? 0 : ASK_EVERY_MS;
  }

  /** Runs the first text, and with it those directly behind it that may join. */
  async #lead(first: Ticket<Item, Result>, run: RunTurns<Item, Result>): Promise<Result> {
    const batch = [first, ...this.#followers(first)];
    const beganAtMs = this.#options.clock.nowMs();
    if (batch.length > 1) first.predictedMs = this.#options.predictedMs(batch.map(({ item }) => item));
    first.beganAtMs = beganAtMs;
    const results = run(batch);
    for (const [index, ticket] of batch.entries()) {
      ticket.expiresAtMs = beganAtMs + first.predictedMs + LEASE_MS;
      if (ticket === first) continue;
      ticket.predictedMs = 0;
      ticket.result = results.then((all) => resultAt(all, index));
      // It is awaited at the next poll.
      ticket.result.catch(() => {});
    }
    return resultAt(await results, 0);
  }

  #followers(first: Ticket<Item, Result>): Ticket<Item, Result>[] {
    const at = this.#tickets.indexOf(first);
    const items = [first.item];
    const followers: Ticket<Item, Result>[] = [];
    for (const next of at < 0 ? [] : this.#tickets.slice(at + 1)) {
      if (next.signal.aborted) continue;
      if (next.result !== null || !this.#options.mayJoin(items, next.item)) break;
      items.push(next.item);
      followers.push(next);
    }
    return followers;
  }

  #isFirst(ticket: Ticket<Item, Result>): boolean {
    this.#dropExpired();
    // A waiter whose own ticket was dropped (the thread was blocked for longer than its lease) is first: no ticket is before it.
    return this.#tickets[0] === ticket || !this.#tickets.includes(ticket);
  }

  #dropExpired(): void {
    const nowMs = this.#options.clock.nowMs();
    // Called at each step of a run: no new list where none is needed.
    if (this.#tickets.some(({ expiresAtMs }) => expiresAtMs <= nowMs))
      this.#tickets = this.#tickets.filter(({ expiresAtMs }) => expiresAtMs > nowMs);
  }
}

function waitBehindMs(tickets: readonly Ticket<unknown, unknown>[], nowMs: number): number {
  return tickets.reduce((sum, ticket) => sum + remainingMs(ticket, nowMs), 0);
}

/** A run that lasts longer than predicted is expected to end at any moment. */
function remainingMs({ predictedMs, beganAtMs }: Ticket<unknown, unknown>, nowMs: number): number {
  return beganAtMs === null ? predictedMs : Math.max(0, predictedMs - (nowMs - beganAtMs));
}

function resultAt<Result>(results: readonly Result[], index: number): Result {
  for (const [at, result] of results.entries()) if (at === index) return result;
  throw new Error("a run has fewer results than texts");
}
