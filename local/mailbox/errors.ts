/** Resend's documented errors, as far as this mailbox gives them: https://resend.com/docs/api-reference/errors. */
const known = {
  invalid_idempotency_key: [400, "The key must be between 1-256 chars."],
  missing_api_key: [401, "Missing API key in the authorization header."],
  invalid_api_key: [403, "API key is invalid."],
  not_found: [404, "The requested endpoint does not exist."],
  invalid_idempotent_request: [409, "Same idempotency key used with a different request payload."],
  concurrent_idempotent_requests: [409, "Same idempotency key used while original request is still in progress."],
  invalid_from_address: [422, "Invalid `from` field."],
  invalid_parameter: [422, "The parameter must be a valid UUID."],
  missing_required_field: [422, "The request body is missing one or more required fields."],
  validation_error: [422, "We found an error with one or more fields in the request."],
  internal_server_error: [500, "An unexpected error occurred."],
} as const satisfies Record<string, [status: number, message: string]>;

type ResendErrorName = keyof typeof known;

export class ResendError extends Error {
  override readonly name: ResendErrorName;
  readonly status: typeof known[ResendErrorName][0];

  constructor(name: ResendErrorName, message: string = known[name][1]) {
    super(message);
    this.name = name;
    this.status = known[name][0];
  }

  get body() {
    return { statusCode: this.status, name: this.name, message: this.message };
  }
}
