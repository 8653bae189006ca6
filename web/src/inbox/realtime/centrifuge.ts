import { Centrifuge, errorCodes, State, UnauthorizedError } from "centrifuge";

import { ApiError } from "@/api/errors";

import type { CentrifugoInfo, Circumstances, Driver } from "./driver";

/** Reconnects are spread over this long at most: a reader should not wait out the SDK's 20 s. */
const LONGEST_WAIT_MS = 5_000;

/**
 * Hear the channels that the token subscribes us to, from Hark's gateway or a Centrifugo.
 *
 * The SDK reconnects by itself, with back-off, and recovers what the server still remembers; the
 * inbox asks for the rest.
 */
export const connectCentrifuge: Driver<CentrifugoInfo> = (given) => {
  const { info, renew, listener, ended, replace } = given;
  // A transport that never opened is given up for the next one; one that did is kept.
  const centrifuge = new Centrifuge(info.transports, {
    emulationEndpoint: info.emulation_endpoint,
    token: info.token,
    getToken: () => freshToken(renew),
    maxReconnectDelay: LONGEST_WAIT_MS,
  });
  let connectedOnce = false;
  let probing = false;
  let closed = false;
  centrifuge.on("connected", () => {
    connectedOnce = true;
    listener.status("live");
  });
  centrifuge.on("connecting", () => listener.status(connectedOnce ? "reconnecting" : "connecting"));
  centrifuge.on("publication", ({ data }) => listener.push(data));
  centrifuge.on("disconnected", ended);
  centrifuge.connect();

  /** A server answers every call, be it by an error. The next ping may be half a minute away. */
  async function probe(): Promise<void> {
    if (probing || centrifuge.state !== State.Connected) return;
    probing = true;
    try {
      await centrifuge.rpc("", null);
    } catch (error) {
      if (!closed && isTimeout(error)) replace();
    } finally {
      probing = false;
    }
  }

  return {
    close: () => {
      closed = true;
      centrifuge.off("disconnected", ended);
      centrifuge.disconnect();
    },
    probe: () => void probe(),
  };
};

function isTimeout(error: unknown): boolean {
  return (error as { code?: unknown }).code === errorCodes.timeout;
}

async function freshToken(renew: Circumstances<CentrifugoInfo>["renew"]): Promise<string> {
  try {
    return (await renew()).token;
  } catch (error) {
    // The SDK tries again after any other error, and gives up at this one.
    if (error instanceof ApiError && error.status === 401) throw new UnauthorizedError("");
    throw error;
  }
}
