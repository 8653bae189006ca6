/** How a count that stops at "more than 99" is written. */
export function badge(count: number): string {
  return count > 99 ? "99+" : String(count);
}
