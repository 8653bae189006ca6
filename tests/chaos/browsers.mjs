// The front end's own inbox store and SDK, for many people at once, without a browser around them.
//
// Reads one line of JSON: {"web": folder, "url": …, "people": [{"id", "token"}]}. Says "ready" once all
// of them listen, and answers every further line with what all of them show. Ends with its input.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { web, url, people } = JSON.parse((await lines.next()).value);

const { Inbox, ApiError, Backoff, connectCentrifuge, connectPubNub } = await loadFrontEnd();

/** Load the TypeScript sources as they are. */
async function loadFrontEnd() {
  const { resolve } = createRequire(`${web}/package.json`);
  const { createServer } = await import(pathToFileURL(resolve("vite")));
  const vite = await createServer({
    root: web,
    configFile: false,
    logLevel: "error",
    appType: "custom",
    server: { middlewareMode: true, hmr: false, watch: null, ws: false },
    resolve: { alias: { "@": `${web}/src` } },
    optimizeDeps: { noDiscovery: true },
  });
  const names = ["inbox/inbox", "inbox/alarm", "inbox/realtime/centrifuge", "inbox/realtime/pubnub", "api/errors"];
  const modules = await Promise.all(names.map((name) => vite.ssrLoadModule(`/src/${name}.ts`)));
  await vite.close();
  return Object.assign({}, ...modules);
}

class Browser {
  displays = [];
  toasts = [];
  #shown = new Set();

  constructor(person) {
    this.person = person;
    this.inbox = new Inbox({ api: this.#api(), realtime: (listener) => this.#connect(listener) });
    this.inbox.subscribe(() => this.#look());
    this.inbox.onArrival((items) => this.toasts.push(...items.map(display)));
    this.inbox.start();
  }

  get ready() {
    const { status, lists } = this.inbox.snapshot();
    return status === "live" && lists.all.loaded;
  }

  report() {
    const { lists, counts } = this.inbox.snapshot();
    return {
      person: this.person.id,
      displays: this.displays,
      toasts: this.toasts,
      listed: lists.all.items.map(({ id, modseq, title, body, url, read_at }) => {
        return { id, modseq, title, body, url, read_at };
      }),
      unread: counts.unread,
    };
  }

  #look() {
    const { all } = this.inbox.snapshot().lists;
    if (all.more) void this.inbox.more("all");
    const appeared = all.items.filter(({ id }) => !this.#shown.has(id));
    this.displays.push(...appeared.reverse().map(display));
    this.#shown = new Set(all.items.map(({ id }) => id));
  }

  #api() {
    const inbox = "/api/hark/inbox/";
    return {
      page: (state, cursor) =>
        this.#call("GET", `${inbox}?state=${state}${cursor === null ? "" : `&cursor=${cursor}`}`),
      changes: (since) => this.#call("GET", `${inbox}changes/?since=${since}`),
    };
  }

  /** Hold a connection, as web/src/inbox/realtime/index.ts does. */
  #connect(listener) {
    const info = () => this.#call("POST", "/api/hark/connect/");
    const backoff = new Backoff(() => void open());
    let close = () => undefined;
    const ended = () => {
      close();
      listener.status("reconnecting");
      backoff.wait();
    };
    const open = async () => {
      try {
        const given = await info();
        const connect = given.backend === "pubnub" ? connectPubNub : connectCentrifuge;
        close = connect({ info: given, renew: info, listener, ended });
      } catch {
        ended();
      }
    };
    void open();
    return () => close();
  }

  async #call(method, path) {
    const headers = { "X-Session-Token": this.person.token, "X-Forwarded-Proto": "https" };
    const signal = AbortSignal.timeout(10_000);
    const answer = await fetch(url + path, { method, headers, signal }).catch(() => {
      throw new ApiError(0);
    });
    if (!answer.ok) throw new ApiError(answer.status);
    return answer.json().catch(() => {
      throw new ApiError(0); // cut off in the middle
    });
  }
}

function display({ id, title, url }) {
  return { at: Date.now() / 1000, id, title, url };
}

const browsers = people.map((person) => new Browser(person));
while (!browsers.every((browser) => browser.ready)) {
  await new Promise((resolve) => setTimeout(resolve, 50));
}
console.log('"ready"');
for await (const _ of lines) {
  console.log(JSON.stringify(browsers.map((browser) => browser.report())));
}
process.exit(0);
