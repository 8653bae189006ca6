import type { components } from "@/api/schema";

import type { Listener } from "../types";

export type CentrifugoInfo = components["schemas"]["CentrifugoConnect"];

/** What PubNub's SDK needs; its network and Hark's gateway alike. */
export type PubNubInfo = components["schemas"]["PubNubConnect"];

/** How to connect, as `connect/` answers: which backend, and a token that opens one's channels. */
export type ConnectInfo = components["schemas"]["Connect"];

export type Circumstances<Info> = {
  info: Info;
  /** Ask `connect/` again, for a token that lives longer. */
  renew: () => Promise<Pick<ConnectInfo, "token" | "expires_at">>;
  listener: Listener;
  /** Call when the connection is over and the SDK will not try again by itself. */
  ended: () => void;
};

/** Connects by one backend's SDK, until the function it answers is called. */
export type Driver<Info> = (circumstances: Circumstances<Info>) => () => void;
