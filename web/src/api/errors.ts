/** What the server said no to, field by field. `""` holds what concerns no single field. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>;

/** A request that did not succeed. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  /** `status`: the answer's HTTP status, or 0 when no answer came. */
  constructor(
    readonly status: number,
    readonly fields: FieldErrors = {},
  ) {
    super(fields[""]?.[0] ?? explain(status));
  }
}

function explain(status: number): string {
  if (status === 0) return "The server cannot be reached. Check your connection and try again.";
  if (status === 401) return "Your session has ended. Sign in again; what you wrote is kept.";
  if (status === 403) return "You may not do this.";
  if (status === 404) return "This is not here any more.";
  if (status === 412) return "Somebody else is signed in by now.";
  if (status === 429) return "Too many attempts. Wait a minute and try again.";
  if (status < 500) return "This could not be done.";
  return "Something went wrong on our side. Try again in a moment.";
}
