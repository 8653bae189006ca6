import type { components } from "@/api/schema";

import type { Line, Listener } from "../types";

export type CentrifugoInfo = components["schemas"]["CentrifugoConnect"];

/** What PubNub's SDK needs; its network and Hark's gateway alike. */
export type PubNubInfo = components["schemas"]["PubNubConnect"];

/** How to connect, as `connect/` answers: which backend, and a token that opens one's channels. */
export type ConnectInfo = components["schemas"]["Connect"];

export type Renewal = Pick<ConnectInfo, "token" | "expires_in">;

export type Circumstances<Info> = {
  info: Info;
  /** Ask `connect/` again, for a token that lives longer. */
  renew: () => Promise<Renewal>;
  listener: Omit<Listener, "doubt">;
  /** Call when the connection is over and the SDK will not try again by itself. */
  ended: () => void;
  /** Call to have the connection replaced by a new one at once. */
  replace: () => void;
};

/** Connects by one backend's SDK. */
export type Driver<Info> = (circumstances: Circumstances<Info>) => Line;
