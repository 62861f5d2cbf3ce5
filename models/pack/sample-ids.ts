/** Pure. Deterministic ids spread over the vocabulary; memory and time do not depend on their values. */
export function sampleIds(tokens: number, vocabularySize: number): number[] {
  return Array.from({ length: tokens }, (_, index) => (index * 7919 + 13) % vocabularySize);
}
