import { expect, test } from "vitest";

import { ago } from "./time";

const NOW = Date.UTC(2030, 5, 15, 12);
const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

test.each([
  ["a clock that is ahead of ours", -5 * SECOND, "just now"],
  ["seconds", 59 * SECOND, "just now"],
  ["a minute", 60 * SECOND, "1 min. ago"],
  ["the end of an hour", HOUR - SECOND, "59 min. ago"],
  ["hours", 3 * HOUR, "3 hr. ago"],
  ["a day", 24 * HOUR, "yesterday"],
  ["days", 6 * 24 * HOUR, "6 days ago"],
  ["a week", 7 * 24 * HOUR, "Jun 8"],
  ["another year", 365 * 24 * HOUR, "Jun 15, 2029"],
])("%s", (_, age, words) => {
  expect(ago(NOW - age, NOW)).toBe(words);
});
