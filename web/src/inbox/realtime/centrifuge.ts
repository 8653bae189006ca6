import { Centrifuge, UnauthorizedError } from "centrifuge";

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
export const connectCentrifuge: Driver<CentrifugoInfo> = ({ info, renew, listener, ended }) => {
  const centrifuge = new Centrifuge(info.url, {
    token: info.token,
    getToken: () => freshToken(renew),
    maxReconnectDelay: LONGEST_WAIT_MS,
  });
  let connectedOnce = false;
  centrifuge.on("connected", () => {
    connectedOnce = true;
    listener.status("live");
  });
  centrifuge.on("connecting", () => listener.status(connectedOnce ? "reconnecting" : "connecting"));
  centrifuge.on("publication", ({ data }) => listener.push(data));
  centrifuge.on("disconnected", ended);
  centrifuge.connect();
  return () => {
    centrifuge.off("disconnected", ended);
    centrifuge.disconnect();
  };
};

async function freshToken(renew: Circumstances<CentrifugoInfo>["renew"]): Promise<string> {
  try {
    return (await renew()).token;
  } catch (error) {
    // The SDK tries again after any other error, and gives up at this one.
    if (error instanceof ApiError && error.status === 401) throw new UnauthorizedError("");
    throw error;
  }
}
