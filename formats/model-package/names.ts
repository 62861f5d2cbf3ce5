/** The names a model package goes by: its id, the files every package has, and the keys of its objects in the bucket. */

/** Name of the file that lists the package's contents; see manifest.ts. */
export const MANIFEST_FILE = "manifest.json";

/** Name of the file that holds the package's signature, a Sigstore bundle; see formats/signature/. */
export const BUNDLE_FILE = "model.sig";

/** A model's name: the part of a model id before the `@`. An origin's answer may name a model id of 200 characters at most. */
export const MODEL_NAME = /^[a-z0-9][a-z0-9-]{0,127}$/;

/** A model id: `<name>@<SHA-256 of the manifest's bytes, 64 hex digits>`. */
export const MODEL_ID = /^[a-z0-9][a-z0-9-]*@[0-9a-f]{64}$/;

/** The id of the package with this name and manifest. @param manifestSha256 64 hex digits */
export function modelIdOf(name: string, manifestSha256: string): string {
  return `${name}@${manifestSha256}`;
}

/** The short form for headers and people: `<name>@<first 12 hex digits>`. */
export function shortModelId(modelId: string): string {
  const at = modelId.indexOf("@");
  return `${modelId.slice(0, at)}@${modelId.slice(at + 1, at + 13)}`;
}

/** The key of one of the package's files in the bucket: `models/<name>/<digest>/<file>`. */
export function objectKey(modelId: string, file: string): string {
  return `models/${modelId.replace("@", "/")}/${file}`;
}
