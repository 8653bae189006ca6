import { answer, api } from "@/api/client";
import { ApiError } from "@/api/errors";

import { Backoff } from "../alarm";
import type { Line, Realtime } from "../types";
import type { Circumstances, ConnectInfo } from "./driver";

/**
 * A connection to whichever backend the server names. It is made anew, with a fresh token, when
 * its SDK gives up; `onSignedOut` is called, and no more is tried, when the server knows us no
 * longer.
 */
export function openRealtime(onSignedOut: () => void): Realtime {
  return (listener) => {
    let stopped = false;
    let line: Line | null = null;
    const backoff = new Backoff(() => void open());

    async function open(): Promise<void> {
      try {
        const info = await connectInfo();
        const connect = await driverOf(info);
        if (stopped) return;
        line = connect({ renew: connectInfo, listener: heard, ended, replace });
      } catch (error) {
        if (stopped) return;
        if (error instanceof ApiError && error.status === 401) onSignedOut();
        else ended();
      }
    }

    function end(): void {
      line?.close();
      line = null;
    }

    function ended(): void {
      end();
      listener.status(navigator.onLine ? "reconnecting" : "offline");
      backoff.wait();
    }

    function replace(): void {
      end();
      listener.status("connecting");
      void open();
    }

    function hurry(): void {
      if (!backoff.waiting) return;
      backoff.clear();
      void open();
    }

    const heard: Circumstances<ConnectInfo>["listener"] = {
      push: (data) => listener.push(data),
      status: (status) => {
        if (status === "live") backoff.clear();
        listener.status(status === "reconnecting" && !navigator.onLine ? "offline" : status);
      },
    };

    listener.status("connecting");
    window.addEventListener("online", hurry);
    void open();
    return {
      close: () => {
        stopped = true;
        window.removeEventListener("online", hurry);
        backoff.clear();
        end();
      },
      probe: () => {
        if (line === null) hurry();
        else line.probe();
      },
    };
  };
}

function connectInfo(): Promise<ConnectInfo> {
  return answer(api.POST("/api/hark/connect/"));
}

/** Connect by the SDK that the backend speaks; no other is loaded. */
async function driverOf(info: ConnectInfo): Promise<(rest: Rest) => Line> {
  switch (info.backend) {
    case "centrifugo": {
      const { connectCentrifuge } = await import("./centrifuge");
      return (rest) => connectCentrifuge({ info, ...rest });
    }
    case "pubnub": {
      const { connectPubNub } = await import("./pubnub");
      return (rest) => connectPubNub({ info, ...rest });
    }
  }
}

type Rest = Omit<Circumstances<ConnectInfo>, "info">;
