/** A tokenizer.json that is not served, with the component that is the reason. */
export class TokenizerError extends Error {
  /** Its place in tokenizer.json, such as `pre_tokenizer.Split`. */
  readonly component: string;

  /** @param reason completes the sentence "<component> <reason>" */
  constructor(component: string, reason: string) {
    super(`tokenizer.json: ${component} ${reason}`);
    this.name = "TokenizerError";
    this.component = component;
  }
}

/** A text that no tokenizer is asked to handle. The request is at fault; no one's health depends on it. */
export class TextError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "TextError";
  }
}
