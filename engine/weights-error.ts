/** A weights file that cannot be used. The message is one sentence for the person who packed or stored the file. */
export class WeightsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "WeightsError";
  }
}
