// The scene in which a scenario plays, for Node and browsers alike: a client of the SDK to drive,
// and a backstage that signs tokens, calls the server API, and cuts the client's cable.

export const PATIENCE = 10_000; // milliseconds after which what has not happened never will

export function expect(found, expected, what = "value") {
  const [left, right] = [JSON.stringify(found), JSON.stringify(expected)];
  if (left !== right) throw new Error(`${what} is ${left}, not ${right}`);
}

/** Returns the error with which `promise` is refused. */
export async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("was not refused");
}

/** Events of a client or a subscription as they came; a scenario waits for what it expects. */
export class Diary {
  #unread = [];
  #waiting = new Set();

  constructor(emitter, events) {
    this.entries = [];
    for (const event of events) emitter.on(event, (context) => this.#note({ event, context }));
  }

  #note(entry) {
    this.entries.push(entry);
    this.#unread.push(entry);
    for (const look of [...this.#waiting]) look();
  }

  /** Returns what came with the next `event`; what came before it counts as read. */
  next(event) {
    return new Promise((resolve, reject) => {
      const look = () => {
        const place = this.#unread.findIndex((entry) => entry.event === event);
        if (place < 0) return;
        this.#waiting.delete(look);
        clearTimeout(timer);
        resolve(this.#unread.splice(0, place + 1).at(-1).context);
      };
      const giveUp = () => {
        this.#waiting.delete(look);
        reject(new Error(`no ${event}; there was ${JSON.stringify(this.entries)}`));
      };
      const timer = setTimeout(giveUp, PATIENCE);
      this.#waiting.add(look);
      look();
    });
  }

  /** Returns what came with every `event` so far. */
  all(event) {
    return this.entries.filter((entry) => entry.event === event).map((entry) => entry.context);
  }

  /** The contents of all publications so far. */
  get data() {
    return this.all("publication").map((context) => context.data);
  }

  /** Waits for a publication; returns the contents of all that came up to it. */
  async untilPublished(last) {
    while (JSON.stringify((await this.next("publication")).data) !== JSON.stringify(last));
    return this.data;
  }
}

const CLIENT_EVENTS = [
  "connecting", "connected", "disconnected", "error", "message",
  "subscribing", "subscribed", "unsubscribed", "publication", "join", "leave",
];
const SUBSCRIPTION_EVENTS = [
  "subscribing", "subscribed", "unsubscribed", "error", "publication", "join", "leave",
];
const PATHS = { http_stream: "/connection/http_stream", sse: "/connection/sse" };

export class Scene {
  #clients = [];
  #asked = [];

  /**
   * @param platform - the SDK, and the options by which it finds what the platform lacks
   * @param stage - where the backstage and the cable are, and the mark of this scene's names
   */
  constructor(platform, stage) {
    this.platform = platform;
    this.stage = stage;
    this.transport = stage.transport;
  }

  #ask(wish, request) {
    const asked = this.#tell(wish, request);
    this.#asked.push(asked);
    return asked;
  }

  async #tell(wish, request) {
    const answer = await fetch(`${this.stage.backstage}/scenes/${this.stage.mark}/${wish}`, {
      method: "POST",
      body: JSON.stringify(request),
    });
    if (!answer.ok) throw new Error(`backstage: ${await answer.text()}`);
    return answer.json();
  }

  name(name) {
    return `${name}-${this.stage.mark}`;
  }

  token = (user, claims = {}, secret = undefined) =>
    this.#ask("sign", { claims: { sub: this.name(user), ...claims }, secret });
  subscriptionToken = (channel, user, claims = {}, secret = undefined) =>
    this.token(user, { channel, ...claims }, secret);

  api = (method, request) => this.#ask("api", { method, request });
  batch = (commands) => this.#ask("batch", { commands });
  cut = () => this.#ask("cut", {});
  mend = () => this.#ask("mend", {});
  crashGateway = () => this.#ask("crash", {});
  stopGateway = () => this.#ask("stop", {});
  startGateway = () => this.#ask("start", {});
  untilEmpty = (channel) => this.#ask("until-empty", { channel });
  unrefreshedConnectionEnds = (expires) => this.#ask("unrefreshed", { expires });

  async publish(channel, ...contents) {
    for (const data of contents) await this.api("publish", { channel, data });
  }

  /** Returns a client that has not connected yet, without a token unless one is given. */
  client(options) {
    const at = `//127.0.0.1:${this.stage.port}`;
    const endpoint =
      this.transport === "websocket"
        ? `ws:${at}/connection/websocket`
        : [{ transport: this.transport, endpoint: `http:${at}${PATHS[this.transport]}` }];
    return this.clientAt(endpoint, options);
  }

  /** The same, on endpoints of one's own. */
  clientAt(endpoint, options) {
    const client = new this.platform.Centrifuge(endpoint, {
      emulationEndpoint: `http://127.0.0.1:${this.stage.port}/emulation`,
      minReconnectDelay: 10,
      maxReconnectDelay: 100,
      ...this.platform.options,
      ...options,
    });
    this.#clients.push(client);
    return [client, new Diary(client, CLIENT_EVENTS)];
  }

  /** Returns a connected client of a user's. */
  async connected(user, options = {}) {
    const [client, diary] = this.client({ token: await this.token(user), ...options });
    client.connect();
    await diary.next("connected");
    return [client, diary];
  }

  /** Returns a subscription that has not been asked for yet. */
  subscription(client, channel, options = {}) {
    const delays = { minResubscribeDelay: 10, maxResubscribeDelay: 100 };
    const made = client.newSubscription(channel, { ...delays, ...options });
    return [made, new Diary(made, SUBSCRIPTION_EVENTS)];
  }

  /** Returns a subscription that has been granted. */
  async subscribed(client, channel, options = {}) {
    const [made, diary] = this.subscription(client, channel, options);
    made.subscribe();
    await diary.next("subscribed");
    return [made, diary];
  }

  /** Lets all clients go, and waits for what nobody waited for: the backstage clears up after us. */
  async clear() {
    for (const client of this.#clients) client.disconnect();
    await Promise.allSettled(this.#asked);
  }
}
