import { answer, api } from "@/api/client";
import { ApiError } from "@/api/errors";

import { Backoff } from "../alarm";
import type { Listener, Realtime } from "../types";
import type { ConnectInfo, Driver } from "./driver";

/**
 * A connection to whichever backend the server names. It is made anew, with a fresh token, when
 * its SDK gives up; `onSignedOut` is called, and no more is tried, when the server knows us no
 * longer.
 */
export function openRealtime(onSignedOut: () => void): Realtime {
  return (listener) => {
    let stopped = false;
    let close: () => void = () => undefined;
    const backoff = new Backoff(() => void open());

    async function open(): Promise<void> {
      try {
        const info = await connectInfo();
        const driver = await driverOf(info.backend);
        if (stopped) return;
        close = driver({ info, renew: connectInfo, listener: heard, ended });
      } catch (error) {
        if (stopped) return;
        if (error instanceof ApiError && error.status === 401) onSignedOut();
        else ended();
      }
    }

    function ended(): void {
      close();
      listener.status(navigator.onLine ? "reconnecting" : "offline");
      backoff.wait();
    }

    const heard: Listener = {
      push: (data) => listener.push(data),
      status: (status) => {
        if (status === "live") backoff.clear();
        listener.status(status === "reconnecting" && !navigator.onLine ? "offline" : status);
      },
    };

    listener.status("connecting");
    void open();
    return () => {
      stopped = true;
      backoff.clear();
      close();
    };
  };
}

function connectInfo(): Promise<ConnectInfo> {
  return answer(api.POST("/api/hark/connect/"));
}

/** Only the SDK that is needed is loaded. */
async function driverOf(backend: ConnectInfo["backend"]): Promise<Driver<ConnectInfo>> {
  const drivers = { centrifugo: async () => (await import("./centrifuge")).connectCentrifuge };
  return drivers[backend]();
}
