import type { Listener, Realtime, Status } from "./types";

type Message =
  | { kind: "push"; data: unknown }
  | { kind: "status"; status: Status }
  /** A tab opened and would like to know how things stand. */
  | { kind: "hello" };

/**
 * One connection for all tabs of a browser. The tab that holds the lock called `name` leads: it
 * opens `own`, and passes on what it hears. When it closes, the lock goes to the next one.
 *
 * Without locks or channels (a page not served securely) every tab connects by itself.
 */
export function sharedRealtime(name: string, own: Realtime): Realtime {
  return (listener) => {
    // Types promise them; pages over plain HTTP do not have them.
    if (!("locks" in navigator) || !("BroadcastChannel" in globalThis)) return own(listener);
    return join(name, own, listener);
  };
}

function join(name: string, own: Realtime, listener: Listener): () => void {
  const channel = new BroadcastChannel(name);
  const leaving = new AbortController();
  let status: Status = "connecting";
  let leads = false;

  const tell = (message: Message) => channel.postMessage(message);
  const everyone: Listener = {
    push: (data) => {
      tell({ kind: "push", data });
      listener.push(data);
    },
    status: (next) => {
      status = next;
      tell({ kind: "status", status });
      listener.status(status);
    },
  };

  channel.onmessage = ({ data: message }: MessageEvent<Message>) => {
    if (message.kind === "hello") {
      if (leads) tell({ kind: "status", status });
    } else if (message.kind === "push") listener.push(message.data);
    else listener.status(message.status);
  };

  async function lead(): Promise<void> {
    leads = true;
    const close = own(everyone);
    await new Promise((resolve) => leaving.signal.addEventListener("abort", resolve));
    close();
    channel.close();
  }

  listener.status(status);
  tell({ kind: "hello" });
  navigator.locks.request(name, { signal: leaving.signal }, lead).catch(() => {
    channel.close(); // left before it was our turn
  });
  return () => leaving.abort();
}
