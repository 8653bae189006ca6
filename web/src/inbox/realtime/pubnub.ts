import PubNub from "pubnub";

import { Alarm } from "../alarm";
import type { Driver, PubNubInfo } from "./driver";

/** How long before its token expires a connection asks for the next one. */
const RENEW_EARLY_MS = 60_000;
/** A clock that is wrong must not make us ask without pause. */
const RENEW_SELDOM_MS = 30_000;

/**
 * Hear the channels that the token opens, from PubNub's network or Hark's gateway.
 *
 * The SDK is told not to retry: it would do so without a word, and give up after six times. Each
 * failure ends the connection instead, and a new one begins with a new token. What was missed
 * meanwhile the inbox asks for.
 */
export const connectPubNub: Driver<PubNubInfo> = ({ info, renew, listener, ended }) => {
  const pubnub = new PubNub({
    subscribeKey: info.subscribe_key,
    userId: info.user_id,
    origin: info.origin,
    ssl: info.ssl,
    retryConfiguration: PubNub.NoneRetryPolicy(),
  });
  const renewal = new Alarm(() => void extend());
  let closed = false;

  function adopt({ token, expires_at }: Pick<PubNubInfo, "token" | "expires_at">): void {
    pubnub.setToken(token);
    const left = Date.parse(expires_at) - Date.now() - RENEW_EARLY_MS;
    renewal.set(Math.max(left, RENEW_SELDOM_MS));
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

  return () => {
    closed = true;
    renewal.clear();
    pubnub.destroy();
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
