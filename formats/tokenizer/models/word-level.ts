/** WordLevel: a word is a token, or unknown. */
import type { Model, Output } from "../core/stage.ts";
import { ROOT, type Trie } from "../core/trie.ts";

export function wordLevel(trie: Trie, unknownId: number): (output: Output) => Model {
  return (output) => {
    let node = ROOT;
    let isEmpty = true;
    return {
      put(codePoint) {
        node = trie.child(node, codePoint);
        isEmpty = false;
      },
      end() {
        if (isEmpty) return;
        const id = trie.value(node);
        output.ids.push(id < 0 ? unknownId : id);
        node = ROOT;
        isEmpty = true;
      },
      token: (id) => {
        output.ids.push(id);
      },
      certainTokens: () => 0,
    };
  };
}
