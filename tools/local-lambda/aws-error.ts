/** What AWS itself answers before or instead of the function: status, `x-amzn-ErrorType` and JSON body. */
export type AwsError = { statusCode: number; errorType: string; body: Record<string, string | null> };

/** No signature at all. The wording is that of 2026 (earlier: "Forbidden" alone), and `Message` has its capital M here only. */
export const FORBIDDEN: AwsError = {
  statusCode: 403,
  errorType: "AccessDeniedException",
  body: {
    Message:
      "Forbidden. For troubleshooting Function URL authorization issues, see: " +
      "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
  },
};

export function incompleteSignature(message: string): AwsError {
  return { statusCode: 403, errorType: "IncompleteSignatureException", body: { message } };
}

export function invalidSignature(message: string): AwsError {
  return { statusCode: 403, errorType: "InvalidSignatureException", body: { message } };
}

export const SIGNATURE_MISMATCH = invalidSignature(
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and " +
    "signing method. Consult the service documentation for details.",
);

/** An unknown access key, or a session token that is not the key's. */
export const UNKNOWN_CLIENT: AwsError = {
  statusCode: 403,
  errorType: "UnrecognizedClientException",
  body: { message: "The security token included in the request is invalid." },
};

export const TOO_LARGE: AwsError = {
  statusCode: 413,
  errorType: "RequestEntityTooLargeException",
  body: { message: "Request must be smaller than 6291456 bytes for the InvokeFunction operation" },
};

export const THROTTLED: AwsError = {
  statusCode: 429,
  errorType: "TooManyRequestsException",
  body: { Reason: "ConcurrentInvocationLimitExceeded", Type: "User", message: "Rate Exceeded." },
};
