const UNITS: readonly [Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const sameYear = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });
const otherYear = new Intl.DateTimeFormat("en", { dateStyle: "medium" });
const exact = new Intl.DateTimeFormat("en", { dateStyle: "full", timeStyle: "short" });

/** How long ago, for a week; the date from then on. Times in milliseconds. */
export function ago(then: number, now: number): string {
  const seconds = Math.max(0, (now - then) / 1000);
  if (seconds < 60) return "just now";
  if (seconds >= 7 * 86_400) return date(then, now);
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? (["minute", 60] as const);
  return relative.format(-Math.floor(seconds / size), unit);
}

function date(then: number, now: number): string {
  const format =
    new Date(then).getFullYear() === new Date(now).getFullYear() ? sameYear : otherYear;
  return format.format(then);
}

export function exactly(then: number): string {
  return exact.format(then);
}
