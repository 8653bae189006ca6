import { Alarm } from "./alarm";
import type { Line, Listener, Realtime, Status } from "./types";

type Message =
  | { kind: "push"; data: unknown }
  /** How things stand; also the leader's sign of life. */
  | { kind: "status"; status: Status }
  /** A tab opened, or has heard nothing for a while: is anybody there? */
  | { kind: "hello" }
  /** A tab was woken, and would like the connection tested. */
  | { kind: "probe" };

/** A leader that said nothing for so long is asked to. */
const QUIET_MS = 5_000;
/** It answers sooner, if it is awake: browsers slow down a hidden tab's timers, not its messages. */
const ANSWER_MS = 3_000;
/** Followers give up at different times, so that one of them takes over and the others hear it. */
const SPREAD_MS = 1_000;

/** What tabs need of the browser. */
export type Surroundings = {
  locks: Pick<LockManager, "request">;
  channel: (name: string) => Pick<BroadcastChannel, "postMessage" | "onmessage" | "close">;
  alarm: (ring: () => void) => Alarm;
};

/**
 * One connection for all tabs of a browser. The tab that holds the lock called `name` leads: it
 * opens `own`, and passes on what it hears. When it closes, the lock goes to the next one; when it
 * is put to sleep, it keeps the lock and says nothing, and one that is awake takes the lock away.
 *
 * Without locks or channels (a page not served securely) every tab connects by itself.
 */
export function sharedRealtime(name: string, own: Realtime): Realtime {
  return (listener) => {
    // Types promise them; pages over plain HTTP do not have them.
    if (!("locks" in navigator) || !("BroadcastChannel" in globalThis)) return own(listener);
    return new Membership(name, own, listener, {
      locks: navigator.locks,
      channel: (name) => new BroadcastChannel(name),
      alarm: (ring) => new Alarm(ring),
    });
  };
}

/** One tab among those that share a connection: it follows, or leads while it has a line. */
export class Membership implements Line {
  readonly #name: string;
  readonly #own: Realtime;
  readonly #listener: Listener;
  readonly #locks: Surroundings["locks"];
  readonly #channel: ReturnType<Surroundings["channel"]>;
  /** Rings when the leader was quiet for too long. */
  readonly #quiet: Alarm;
  /** Rings when it did not answer either. */
  readonly #unanswered: Alarm;
  #status: Status = "connecting";
  /** The connection, while we lead; the promise behind `resign` keeps the lock. */
  #lead: { line: Line; resign: () => void } | null = null;
  #waiting = new AbortController();
  #left = false;

  constructor(name: string, own: Realtime, listener: Listener, browser: Surroundings) {
    this.#name = name;
    this.#own = own;
    this.#listener = listener;
    this.#locks = browser.locks;
    this.#channel = browser.channel(name);
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => this.#hear(data);
    this.#quiet = browser.alarm(() => this.#ask());
    this.#unanswered = browser.alarm(() => this.#takeOver());
    listener.status(this.#status);
    this.#ask();
    this.#queue();
  }

  close(): void {
    this.#left = true;
    this.#quiet.clear();
    this.#unanswered.clear();
    this.#waiting.abort();
    this.#stepDown();
    this.#channel.close();
  }

  probe(): void {
    if (this.#lead !== null) {
      this.#lead.line.probe();
    } else {
      this.#tell({ kind: "probe" });
      this.#ask();
    }
  }

  #tell(message: Message): void {
    if (!this.#left) this.#channel.postMessage(message);
  }

  #hear(message: Message): void {
    if (this.#left) return;
    if (this.#lead !== null) this.#answer(message, this.#lead.line);
    else this.#follow(message);
  }

  #answer(message: Message, line: Line): void {
    if (message.kind === "hello") this.#tell({ kind: "status", status: this.#status });
    if (message.kind === "probe") line.probe();
  }

  #follow(message: Message): void {
    if (message.kind === "hello" || message.kind === "probe") return;
    this.#unanswered.clear();
    this.#quiet.clear();
    this.#quiet.set(QUIET_MS);
    if (message.kind === "push") this.#listener.push(message.data);
    else if (message.status !== this.#status) this.#show(message.status);
  }

  #show(status: Status): void {
    this.#status = status;
    this.#listener.status(status);
  }

  #ask(): void {
    this.#unanswered.set(ANSWER_MS + Math.random() * SPREAD_MS);
    this.#tell({ kind: "hello" });
  }

  #queue(): void {
    this.#waiting = new AbortController();
    void this.#hold({ signal: this.#waiting.signal });
  }

  /** The leader sleeps. What it heard meanwhile nobody told us. */
  #takeOver(): void {
    this.#show("reconnecting");
    this.#listener.doubt();
    this.#waiting.abort();
    void this.#hold({ steal: true });
  }

  /** Wait for the lock, and lead for as long as we have it. */
  async #hold(options: LockOptions): Promise<void> {
    let over = false; // it may have been taken away before we were told that we have it
    let resign: () => void = () => undefined;
    const resigned = new Promise<void>((resolve) => (resign = resolve));
    try {
      await this.#locks.request(this.#name, options, () => {
        if (over || this.#left) return;
        this.#begin(resign);
        return resigned;
      });
    } catch {
      over = true;
      // It was taken away from us while we slept, or we no longer wait for it.
      if (this.#lead?.resign !== resign) return;
      this.#stepDown();
      this.#queue();
      this.#ask();
    }
  }

  #begin(resign: () => void): void {
    this.#quiet.clear();
    this.#unanswered.clear();
    this.#stepDown();
    const line = this.#own({
      push: (data) => {
        this.#tell({ kind: "push", data });
        this.#listener.push(data);
      },
      status: (status) => {
        this.#tell({ kind: "status", status });
        this.#show(status);
      },
      doubt: () => this.#listener.doubt(),
    });
    this.#lead = { line, resign };
  }

  #stepDown(): void {
    this.#lead?.line.close();
    this.#lead?.resign();
    this.#lead = null;
  }
}
