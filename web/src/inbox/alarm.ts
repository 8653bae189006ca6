/** The longest that browsers wait; more they take for nothing. */
const FURTHEST_MS = 2 ** 31 - 1;

/** Rings once, at the soonest of the times it was set to. */
export class Alarm {
  #due = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly ring: () => void) {}

  get waiting(): boolean {
    return this.#timer !== undefined;
  }

  /** Ring within `delay` milliseconds; an earlier ring that is already due stays. */
  set(delay: number): void {
    const due = performance.now() + delay; // no clock that somebody may set
    if (due >= this.#due) return;
    this.clear();
    this.#due = due;
    this.#timer = setTimeout(
      () => {
        this.clear();
        this.ring();
      },
      Math.min(delay, FURTHEST_MS),
    );
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = Infinity;
  }
}

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** Waits twice as long after each failure, with jitter so that a crowd does not return at once. */
export class Backoff {
  #failures = 0;
  readonly #alarm: Alarm;

  constructor(again: () => void) {
    this.#alarm = new Alarm(again);
  }

  get waiting(): boolean {
    return this.#alarm.waiting;
  }

  /** It failed: try again after a while. */
  wait(): void {
    const longest = Math.min(FIRST_MS * 2 ** this.#failures, LONGEST_MS);
    this.#failures += 1;
    this.#alarm.set(longest * (0.5 + Math.random() / 2));
  }

  /** All is well again: wait no longer, and briefly the next time. */
  clear(): void {
    this.#failures = 0;
    this.#alarm.clear();
  }
}
