/** Why the engine cannot serve a graph, in one sentence. */
export class RefusedGraph extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = "RefusedGraph";
  }
}
