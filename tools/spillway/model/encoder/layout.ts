/** Pure. Where the tokens and features of a tensor lie: each dimension as a product of axes. Reshape regroups them, Transpose moves them. */
import type { Dimension, TensorShape } from "../graph/dimension.ts";

/** `key` is the tokens once more, as what attention looks at. */
export type Axis =
  | { kind: "batch" | "token" | "key" }
  /** `size` features, `stride` apart in the row of all features. */
  | { kind: "feature"; size: number; stride: number };

/** For each dimension, its axes from the outermost to the innermost. A dimension of size one has none. */
export type Layout = readonly (readonly Axis[])[];

export const BATCH: Axis = { kind: "batch" };
export const TOKEN: Axis = { kind: "token" };
export const KEY: Axis = { kind: "key" };

/** All features of a token. */
export function features(size: number, stride = 1): Axis[] {
  return size === 1 ? [] : [{ kind: "feature", size, stride }];
}

/** Joins neighbours that are one axis of features. */
export function joinAxes(axes: readonly Axis[]): Axis[] {
  const joined: Axis[] = [];
  for (const axis of axes) {
    const last = joined.at(-1);
    if (last?.kind === "feature" && axis.kind === "feature" && last.stride === axis.size * axis.stride) {
      joined[joined.length - 1] = { kind: "feature", size: last.size * axis.size, stride: axis.stride };
    } else joined.push(axis);
  }
  return joined;
}

/** Whether two lists of axes are the same. */
export function sameAxes(one: readonly Axis[], other: readonly Axis[]): boolean {
  return JSON.stringify(joinAxes(one)) === JSON.stringify(joinAxes(other));
}

/** Whether two layouts are the same. */
export function sameLayout(one: Layout, other: Layout): boolean {
  return one.length === other.length && one.every((axes, index) => sameAxes(axes, other[index] ?? []));
}

/** The layout of an elementwise result: the same for every text where one of the tensors is. @returns null if they do not fit */
export function sharedLayout(one: Layout, other: Layout): Layout | null {
  const rank = Math.max(one.length, other.length);
  const at = (layout: Layout, index: number) => layout[index - rank + layout.length] ?? [];
  const shared: (readonly Axis[])[] = [];
  for (let index = 0; index < rank; index++) {
    const [a, b] = [at(one, index), at(other, index)];
    if (sameAxes(a, b) || sameAxes(b, [])) shared.push(a);
    else if (sameAxes(a, [])) shared.push(b);
    else return null;
    const isOfTexts = sameAxes(a, b) || sameAxes(a, [BATCH]) || sameAxes(b, [BATCH]);
    if (!isOfTexts) return null;
  }
  return shared;
}

/** The same elements in the same order, with other dimensions. @returns null if a dimension is no product of axes */
export function regroup(layout: Layout, shape: TensorShape): Layout | null {
  const rest = layout.flat();
  const groups: Axis[][] = [];
  for (const dimension of shape) {
    const group = dimension === null ? null : takeGroup(rest, dimension);
    if (group === null) return null;
    groups.push(group);
  }
  return rest.length === 0 ? groups : null;
}

/** Removes from `rest` the axes whose product is the dimension. */
function takeGroup(rest: Axis[], { factor, batch, length }: Dimension): Axis[] | null {
  const group: Axis[] = [];
  let [texts, tokens, size] = [batch, length, factor];
  while (texts > 0 || tokens > 0 || size > 1) {
    const axis = rest.shift();
    if (axis === undefined) return null;
    if (axis.kind === "batch") texts--;
    else if (axis.kind !== "feature") tokens--;
    else if (size % axis.size === 0) size /= axis.size;
    else {
      const inner = axis.size / size;
      if (size === 1 || !Number.isInteger(inner)) return null;
      group.push({ kind: "feature", size, stride: axis.stride * inner });
      rest.unshift({ kind: "feature", size: inner, stride: axis.stride });
      size = 1;
      continue;
    }
    if (texts < 0 || tokens < 0) return null;
    group.push(axis);
  }
  return group;
}
