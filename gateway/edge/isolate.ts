/** The edge side of one isolate: one model, one inference at a time, behind a bounded queue and a breaker. */
import { type FullWindow, fullWindowOf } from "../../formats/model-package/window-time.ts";
import type { TextOrPair } from "../../formats/tokenizer/tokenizer.ts";
import type { Policy } from "../../policies/schema.ts";
import { type Lifetime, whyAborted } from "../call.ts";
import type { Breaker } from "../resilience/breaker/breaker.ts";
import { RecentP95 } from "../resilience/recent-p95.ts";
import type {
  AttemptOptions,
  AttemptText,
  Classifier,
  Edge,
  EdgeConditions,
  EdgeStatus,
  SideResult,
  Tokenized,
} from "../sides.ts";
import type { ModelPackage } from "./engine.ts";
import { readClassifier } from "./load-package.ts";
import type { NotReady } from "./load-state.ts";
import { type LoaderParts, ModelLoader } from "./loader.ts";
import { ModelChoice } from "./model-choice.ts";
import { classifierOf, type WantedPackage } from "./package.ts";
import { nowOrRecently, pauseBeside } from "./pause-beside.ts";
import { EdgeQueue } from "./queue.ts";
import { LearnedLimits } from "./run-estimate.ts";
import {
  type EdgeText,
  failed,
  mayRunTogether,
  predictedTogetherMs,
  type RunParts,
  runTexts,
  type TextResult,
} from "./run-texts.ts";
import { tokenizeText } from "./tokenize-text.ts";

/** R2 answers for two small objects much faster. An answer that waits for longer is given without a comparison of labels. */
const MAX_LABELS_WAIT_MS = 1000;

export interface EdgeParts extends Omit<LoaderParts, "othersWait"> {
  /** The package that serves if the policy names none. */
  modelId: string;
  /** This isolate's number for the share of candidates, 0 to 9,999. */
  basisPoints: number;
  breaker: Breaker;
  /** Requests of this isolate that are not answered yet. */
  requestsInProgress(): number;
}

export class EdgeIsolate implements Edge {
  #learned: LearnedLimits | null = null;
  readonly #latency = new RecentP95();
  readonly #parts: EdgeParts;
  readonly #choice: ModelChoice;
  readonly #loader: ModelLoader;
  readonly #queue: EdgeQueue<EdgeText, TextResult>;
  readonly #runParts: RunParts;
  /** The pause between two steps of a text that is tokenized. */
  readonly #giveWay: () => Promise<void>;

  constructor(parts: EdgeParts) {
    this.#parts = parts;
    const { breaker, clock, report } = parts;
    const othersWait = nowOrRecently(() => this.#othersWait(), clock);
    // The text's own request is one. Texts that run count too: tokenizing would take every second of their turns.
    const areOthers = () => parts.requestsInProgress() > 1;
    this.#giveWay = pauseBeside({ clock, othersWait: nowOrRecently(areOthers, clock) });
    this.#queue = new EdgeQueue({ clock, mayJoin: mayRunTogether, predictedMs: predictedTogetherMs });
    this.#runParts = {
      breaker,
      clock,
      report,
      othersWait,
      drop: (ready) => this.#loader.drop(ready),
      answered: (ms) => this.#latency.observe(ms, clock.nowMs()),
    };
    this.#choice = new ModelChoice(parts.modelId, parts.basisPoints);
    this.#loader = new ModelLoader({ ...parts, othersWait }, this.#choice.wanted(), {
      isIdle: () => this.#queue.texts() === 0,
      instead: (wanted, end) => this.#insteadOf(wanted, end),
    });
  }

  obey(policy: Policy): void {
    this.#parts.breaker.configure(policy.breaker.edge);
    this.#loader.want(this.#choice.obey(policy));
  }

  /** A candidate that did not become ready gives way to the policy's model. */
  #insteadOf(candidate: WantedPackage, end: NotReady): WantedPackage | null {
    const given = this.#choice.notReady(candidate, end);
    if (given === null) return null;
    const { model, state, reason } = given;
    const { policyVersion } = this.#choice;
    if (state === "rejected")
      this.#parts.report({ kind: "candidate-rejected", model, reason: reason ?? "", policyVersion });
    return this.#choice.wanted();
  }

  conditions(): EdgeConditions {
    const { kind } = this.#loader.state();
    return {
      model: kind === "ready" || kind === "rejected" ? kind : "cold",
      breakerAllows: this.#parts.breaker.allows(),
      maxTokens: this.#learnedOrNull()?.maxTokens() ?? null,
      packageMaxTokens: this.#loader.opened()?.edge.maxTokens ?? null,
      queueMs: this.#queue.waitMs(),
      p95Ms: this.#latency.p95Ms(this.#parts.clock.nowMs()),
    };
  }

  classifier(): Classifier | null {
    const opened = this.#loader.opened();
    return opened === null ? null : classifierOf(opened);
  }

  async classifierBeside(model: string): Promise<Classifier | null> {
    const { kind } = this.#loader.state();
    const wanted = this.#loader.wanted();
    const willBeKnown = this.classifier() === null && (kind === "cold" || kind === "loading");
    if (!willBeKnown || wanted.modelId === model) return this.classifier();
    const inTime = this.#parts.clock.wait(MAX_LABELS_WAIT_MS).then(() => null);
    return Promise.race([readClassifier(this.#parts, wanted), inTime]);
  }

  status(): EdgeStatus {
    const state = this.#loader.state();
    return {
      state: state.kind,
      reason: "reason" in state ? state.reason : null,
      model: this.#loader.wanted().modelId,
      candidate: this.#choice.status(),
      breaker: this.#parts.breaker.status(),
      heapBytes: state.kind === "ready" ? state.model.heapBytes() : 0,
      loadMs: state.kind === "ready" ? state.loadMs : null,
      acceptedGaps: this.#acceptedGaps(),
      queueMs: this.#queue.waitMs(),
      queuedTexts: this.#queue.texts(),
    };
  }

  #acceptedGaps(): EdgeStatus["acceptedGaps"] {
    const opened = this.#loader.opened();
    return opened === null ? null : (opened.manifest.acceptedGaps ?? []);
  }

  predictedRunMs(tokens: number): number | null {
    return this.#learnedOrNull()?.predictedMs(tokens) ?? null;
  }

  /** The package's window as the packer measured it, whatever this isolate has learned under load; null while no package is open. */
  fullWindow(): FullWindow | null {
    const opened = this.#loader.opened();
    return opened === null ? null : fullWindowOf(opened.manifest);
  }

  warm(lifetime: Lifetime): void {
    this.#loader.warm(lifetime);
  }

  acceptsPairs(): boolean | null {
    return this.#loader.opened()?.tokenizer.acceptsPairs ?? null;
  }

  async tokenize(text: TextOrPair, { signal }: Lifetime): Promise<Tokenized | null> {
    const opened = this.#loader.opened();
    if (opened === null || this.#refusesPair(text)) return null;
    return tokenizeText(text, opened, () => (signal.aborted ? null : this.#giveWay()));
  }

  /**
   * Waits for a tokenizer and a model that are still loading. If both are there, nothing is awaited before the text has its place
   * in the queue: each decision then sees the texts of those before it.
   */
  async attempt(text: AttemptText, options: AttemptOptions): Promise<SideResult> {
    const tokenized = text.tokenized ?? (await this.#tokenizeWhenLoaded(text.text, options.lifetime));
    if (tokenized === null) return this.#refusesPair(text.text) ? noPairs() : failed("edge-no-tokenizer");
    const { tokens } = tokenized;
    const account = { tokens, predictedMs: this.predictedRunMs(tokens) ?? 0 };
    const maxTokens = Math.min(options.policy.edge.maxTokens, this.conditions().maxTokens ?? Number.POSITIVE_INFINITY);
    const result = tokens > maxTokens ? failed("edge-too-long") : await this.#run(tokenized, options);
    return result.ok
      ? { ok: true, answer: { ...result.answer, ...account } }
      : { ok: false, failure: { ...result.failure, ...account } };
  }

  async #tokenizeWhenLoaded(text: TextOrPair, lifetime: Lifetime): Promise<Tokenized | null> {
    await this.#loader.whileLoading(() => this.#loader.opened() === null, lifetime);
    return this.tokenize(text, lifetime);
  }

  /** A text whose model was broken by a run before it waits for the next model, once: neither it nor the new model has failed. */
  async #run(text: Tokenized, options: AttemptOptions): Promise<SideResult> {
    const result = await this.#takeTurn(text, options);
    const again = result === "dropped" && options.purpose === "answer" ? await this.#takeTurn(text, options) : result;
    return again === "dropped" ? failed("edge-cold") : again;
  }

  async #takeTurn(text: Tokenized, { purpose, lifetime }: AttemptOptions): Promise<TextResult> {
    if (this.#loader.state().kind !== "ready") await this.#loader.whileLoading(() => true, lifetime);
    const state = this.#loader.state();
    if (state.kind !== "ready") return failed(`edge-${state.kind}`);
    const learned = this.#learnedOf(state.opened);
    // The policy may have changed to another model since the text was measured.
    const isSameModel = text.modelId === state.opened.modelId;
    if (!isSameModel && this.#refusesPair(text.text)) return noPairs();
    const { tokenIds, typeIds } = isSameModel ? text : ((await this.tokenize(text.text, lifetime)) ?? text);
    if (tokenIds === null || tokenIds.length > learned.maxTokens()) return failed("edge-too-long");
    const turn = this.#queue.takeTurn(
      {
        item: { ready: state, learned, tokenIds, typeIds, purpose, request: lifetime.request },
        predictedMs: learned.predictedMs(tokenIds.length),
        signal: lifetime.signal,
      },
      (turns) => runTexts(turns, this.#runParts),
    );
    // The turn outlives a caller that hangs up, so that it is always given back.
    lifetime.keepAlive(turn);
    const result = await turn;
    return result === "gone"
      ? { ok: false, failure: { reason: whyAborted(lifetime.signal), kind: "aborted" } }
      : result;
  }

  /** Whether any request is in progress that neither runs nor waits to run a text: those only wait. */
  #othersWait(): boolean {
    return this.#parts.requestsInProgress() > this.#queue.groups(({ request }) => request);
  }

  #refusesPair(text: TextOrPair): boolean {
    return typeof text !== "string" && this.acceptsPairs() === false;
  }

  /** What runs have shown of the opened package; null while no package is open. */
  #learnedOrNull(): LearnedLimits | null {
    const opened = this.#loader.opened();
    return opened === null ? null : this.#learnedOf(opened);
  }

  #learnedOf(opened: ModelPackage): LearnedLimits {
    if (this.#learned?.modelId !== opened.modelId) this.#learned = new LearnedLimits(opened);
    return this.#learned;
  }
}

/** The model has no form for two texts: the caller's mistake, and nothing of the edge's. */
function noPairs(): SideResult {
  return { ok: false, failure: { reason: "no-pairs", kind: "refused" } };
}
