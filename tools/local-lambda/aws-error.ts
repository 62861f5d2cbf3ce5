/** The errors that AWS returns instead of a function's answer. */
export interface AwsError {
  statusCode: number;
  /** `x-amzn-ErrorType` */
  errorType: string;
  /** JSON */
  body: Record<string, string | null>;
}

/** For a request without a signature. The wording is that of 2026 (earlier: only "Forbidden"); only this body has a capital `Message`. */
export const FORBIDDEN: AwsError = {
  statusCode: 403,
  errorType: "AccessDeniedException",
  body: {
    Message:
      "Forbidden. For troubleshooting Function URL authorization issues, see: " +
      "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
  },
};

/** For an Authorization header that is malformed. @param message AWS's wording */
export function incompleteSignature(message: string): AwsError {
  return { statusCode: 403, errorType: "IncompleteSignatureException", body: { message } };
}

/** For a signature that is not accepted. @param message AWS's wording */
export function invalidSignature(message: string): AwsError {
  return { statusCode: 403, errorType: "InvalidSignatureException", body: { message } };
}

export const SIGNATURE_MISMATCH = invalidSignature(
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and " +
    "signing method. Consult the service documentation for details.",
);

/** For an unknown access key, or a session token of another key. */
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
