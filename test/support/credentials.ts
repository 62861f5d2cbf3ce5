/** Credentials of tests, in one place. None of them opens anything. */

/** The gateway's variables for the origin. Their values must be in nothing that leaves the gateway. */
export const CREDENTIALS = { AWS_ACCESS_KEY_ID: "AKIA0CANARY0ID", AWS_SECRET_ACCESS_KEY: "canary-secret-access-key" };

/** The header of a caller with this API key, or of an operator with this token. */
export const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
