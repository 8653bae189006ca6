import PubNub from "pubnub";

import { Alarm } from "../alarm";
import type { Driver, PubNubInfo, Renewal } from "./driver";

/** How long before its token expires a connection asks for the next one. */
const RENEW_EARLY_MS = 60_000;
/** However short tokens live, they must not make us ask without pause. */
const RENEW_SELDOM_MS = 30_000;

/**
 * Hear the channels that the token opens, from PubNub's network or Hark's gateway.
 *
 * The SDK is told not to retry: it would do so without a word, and give up after six times. Each
 * failure ends the connection instead, and a new one begins with a new token. What was missed
 * meanwhile the inbox asks for.
 */
export const connectPubNub: Driver<PubNubInfo> = (given) => {
  const { info, renew, listener, ended, replace } = given;
  const pubnub = new PubNub({
    subscribeKey: info.subscribe_key,
    userId: info.user_id,
    origin: info.origin,
    ssl: info.ssl,
    retryConfiguration: PubNub.NoneRetryPolicy(),
  });
  const renewal = new Alarm(() => void extend());
  let closed = false;

  function adopt({ token, expires_in }: Renewal): void {
    pubnub.setToken(token);
    renewal.set(Math.max(expires_in * 1_000 - RENEW_EARLY_MS, RENEW_SELDOM_MS));
  }

  async function extend(): Promise<void> {
    try {
      const next = await renew();
      if (!closed) adopt(next);
    } catch {
      if (!closed) ended(); // a new connection finds out why
    }
  }

  pubnub.addListener({
    message: ({ message }) => listener.push(message),
    status: ({ category }) => {
      if (closed) return;
      if (LIVE.has(category)) listener.status("live");
      else if (category === PubNub.CATEGORIES.PNNetworkDownCategory) listener.status("offline");
      else if (OVER.has(category)) ended();
    },
  });
  adopt(info);
  pubnub.subscribe({ channels: info.channels });

  return {
    close: () => {
      closed = true;
      renewal.clear();
      pubnub.destroy();
    },
    // A poll says nothing for minutes, dead or alive.
    probe: replace,
  };
};

const { CATEGORIES } = PubNub;

const LIVE: ReadonlySet<string> = new Set([
  CATEGORIES.PNConnectedCategory,
  CATEGORIES.PNReconnectedCategory,
]);

const OVER: ReadonlySet<string> = new Set([
  CATEGORIES.PNConnectionErrorCategory,
  CATEGORIES.PNDisconnectedUnexpectedlyCategory,
  CATEGORIES.PNDisconnectedCategory,
  CATEGORIES.PNAccessDeniedCategory,
]);
