/** `rejected`: what is stored is not what was named, and asking again will not help. `unavailable`: it could not be read now. */
export class PackageError extends Error {
  readonly kind: "rejected" | "unavailable";
  constructor(kind: "rejected" | "unavailable", reason: string) {
    super(reason);
    this.name = "PackageError";
    this.kind = kind;
  }
}
