/** What every scenario needs: clients of one SDK major, and waiting for what they hear. */

import { createRequire } from "node:module";
import { randomBytes } from "node:crypto";

const [, , major, scenario, port] = process.argv;
const require = createRequire(import.meta.url);
const PubNub = require(`pubnub-${major}`);

export const OPEN = { publishKey: "pub-open", subscribeKey: "sub-open" };
export const GUARDED = { publishKey: "pub-c-1", subscribeKey: "sub-c-1" };
export const modern = Number(major) >= 8;
const PATIENCE = 15_000;
const clients = [];

export const name = (prefix = "room") => `${prefix}-${randomBytes(4).toString("hex")}`;

/** A client that differs from one of PubNub's network in `origin` and `ssl`, and its ear. */
export function client(userId, keys = OPEN, settings = {}) {
  const who = modern ? { userId } : { uuid: userId };
  const pubnub = new PubNub({ ...keys, ...who, origin: `127.0.0.1:${port}`, ssl: false, ...settings });
  const heard = [];
  const waiting = [];
  const hear = (kind) => (what) => {
    heard.push([kind, what]);
    for (const look of [...waiting]) look();
  };
  pubnub.addListener({
    status: hear("status"),
    message: hear("message"),
    presence: hear("presence"),
    signal: hear("signal"),
    messageAction: hear("action"),
  });
  const next = (kind, fits = () => true) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const seen = JSON.stringify(heard).slice(0, 2000);
        reject(new Error(`no ${kind} for ${userId} in time; heard ${seen}`));
      }, PATIENCE);
      const look = () => {
        const at = heard.findIndex(([k, what]) => k === kind && fits(what));
        if (at < 0) return;
        clearTimeout(timer);
        waiting.splice(waiting.indexOf(look), 1);
        const [[, what]] = heard.splice(0, at + 1).slice(-1);
        resolve(what);
      };
      waiting.push(look);
      look();
    });
  const connected = () => next("status", (status) => status.category === "PNConnectedCategory");
  clients.push(pubnub);
  return { pubnub, next, connected };
}

/** The application's backend, which holds the secret key. */
export const backend = () => client("server", { ...GUARDED, secretKey: "sec-c-1" }).pubnub;

/** Expect a promise to fail as the SDK's own access-denied. */
export const denied = (promise) => refused(promise, "PNAccessDeniedCategory", 403);

/** Expect a promise to fail with the SDK's category for that status. */
export async function refused(promise, wanted, expected) {
  try {
    await promise;
  } catch (error) {
    const { category, statusCode } = error.status ?? {};
    if (category === wanted && statusCode === expected) return error;
    throw new Error(`not ${wanted}: ${JSON.stringify(error.status ?? String(error))}`);
  }
  throw new Error("was allowed");
}

/** Run the scenario that was asked for, and end with 0 only if it went as expected. */
export async function play(scenarios) {
  try {
    await scenarios[scenario]();
    console.log("done");
  } catch (error) {
    console.error(error, error?.status ?? "");
    process.exitCode = 1;
  } finally {
    for (const pubnub of clients) pubnub.stop?.();
    setTimeout(() => process.exit(), 50);
  }
}

