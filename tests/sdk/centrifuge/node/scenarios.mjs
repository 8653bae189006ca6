// The scenarios (see ../scenarios.py), played by centrifuge-js in Node and in browsers.

import { expect, refusal } from "./scene.mjs";

const FORGED = "a forger's secret, also thirty-two bytes";
const ANY_JSON = [
  { text: "Grüße, 世界 🎉", nested: [[[{}]]] },
  [1, 2.5, -1e300, true, null],
  "a line\nand another\r\u2028\u0000",
  0,
  false,
  "",
  { "": { push: {} } },
];
const now = () => Date.now() / 1000;

export const scenarios = {
  // Connecting

  "a token opens the connection": async (scene) => {
    const [client, diary] = scene.client({ token: await scene.token("ana") });
    client.connect();
    const connected = await diary.next("connected");
    expect(connected.client.length, 36);
    expect(connected.transport, scene.transport);
  },

  "an expired token alone ends as unauthorized": async (scene) => {
    const [client, diary] = scene.client({ token: await scene.token("ana", { exp: now() - 1 }) });
    client.connect();
    expect((await diary.next("disconnected")).code, 1);
  },

  "an expired token is replaced by a fresh one": async (scene) => {
    const token = await scene.token("ana", { exp: now() - 1 });
    const [client, diary] = scene.client({ token, getToken: () => scene.token("ana") });
    client.connect();
    expect((await diary.next("error")).error.code, 109);
    await diary.next("connected");
  },

  "a worthless token ends the connection for good": async (scene) => {
    const worthless = [
      await scene.token("ana", {}, FORGED),
      await scene.token("ana", { aud: "another application" }),
      await scene.subscriptionToken("chat:tea", "ana"),
    ];
    for (const token of worthless) {
      const [client, diary] = scene.client({ token });
      client.connect();
      expect((await diary.next("disconnected")).code, 3500);
    }
  },

  "no token at all ends the connection for good": async (scene) => {
    const [client, diary] = scene.client({});
    client.connect();
    expect((await diary.next("disconnected")).code, 3501);
  },

  "tokens are refreshed before they end": async (scene) => {
    const [vault, exp] = [scene.name("vault:tea"), now() + 2];
    const idlerEnded = scene.unrefreshedConnectionEnds(exp);
    const [client, diary] = await scene.connected("ana", {
      token: await scene.token("ana", { exp }),
      getToken: () => scene.token("ana"),
    });
    const [, letters] = await scene.subscribed(client, vault, {
      token: await scene.subscriptionToken(vault, "ana", { exp }),
      getToken: ({ channel }) => scene.subscriptionToken(channel, "ana"),
    });
    expect((await idlerEnded)[0], 3005);
    await scene.publish(vault, "still here");
    expect(await letters.untilPublished("still here"), ["still here"]);
    expect(diary.all("connecting").length, 1, "times it connected");
    expect(letters.all("subscribing").length, 1, "times it subscribed");
  },

  "a refresh for another user ends the connection for good": async (scene) => {
    const token = await scene.token("ana", { exp: now() + 2 });
    const [, diary] = await scene.connected("ana", { token, getToken: () => scene.token("bo") });
    expect((await diary.next("disconnected")).code, 3500);
  },

  // Server-side subscriptions

  "the token subscribes to the channels it names": async (scene) => {
    const inbox = scene.name("inbox:ana");
    const [client, diary] = scene.client({ token: await scene.token("ana", { channels: [inbox] }) });
    client.connect();
    expect((await diary.next("subscribed")).channel, inbox);
    await scene.publish(inbox, { modseq: 1 });
    const { channel, data, offset } = await diary.next("publication");
    expect([channel, data, offset], [inbox, { modseq: 1 }, 1]);
  },

  "the server subscribes and unsubscribes": async (scene) => {
    const [, diary] = await scene.connected("ana");
    const [user, channel] = [scene.name("ana"), scene.name("inbox:ana")];
    await scene.api("subscribe", { user, channel, data: { why: "asked" } });
    const granted = await diary.next("subscribed");
    expect([granted.channel, granted.data], [channel, { why: "asked" }]);
    await scene.publish(channel, "in");
    expect((await diary.next("publication")).data, "in");
    await scene.api("unsubscribe", { user, channel });
    expect((await diary.next("unsubscribed")).channel, channel);
  },

  "a returning client gets what its server side channel brought": async (scene) => {
    const inbox = scene.name("inbox:ana");
    const token = await scene.token("ana", { channels: [inbox] });
    const [, diary] = await scene.connected("ana", { token });
    await scene.publish(inbox, 1);
    await diary.next("publication");
    await scene.cut();
    await diary.next("connecting");
    await scene.publish(inbox, 2, 3);
    await scene.mend();
    const granted = await diary.next("subscribed");
    expect([granted.wasRecovering, granted.recovered], [true, true]);
    await scene.publish(inbox, 4);
    expect(await diary.untilPublished(4), [1, 2, 3, 4]);
  },

  "after a crash of the gateway clients know that they missed something": async (scene) => {
    const [inbox, feed] = [scene.name("inbox:ana"), scene.name("feed:tea")];
    const token = await scene.token("ana", { channels: [inbox] });
    const [client, diary] = await scene.connected("ana", { token });
    const [, posts] = await scene.subscribed(client, feed);
    await scene.publish(inbox, 1);
    await scene.publish(feed, 1);
    await diary.next("publication");
    await posts.next("publication");
    await scene.crashGateway();
    for (const told of [diary, posts]) {
      const granted = await told.next("subscribed");
      expect([granted.wasRecovering, granted.recovered], [true, false]);
    }
    await scene.publish(feed, 2);
    expect(await posts.untilPublished(2), [1, 2]);
  },

  // Subscribing

  "subscriptions wait for the connection": async (scene) => {
    const [client] = scene.client({ token: await scene.token("ana") });
    const rooms = [0, 1, 2, 3, 4].map((n) => scene.subscription(client, scene.name(`chat:${n}`)));
    for (const [room] of rooms) room.subscribe();
    client.connect();
    for (const [, diary] of rooms) await diary.next("subscribed");
  },

  "a subscription token opens its channel": async (scene) => {
    const [client] = await scene.connected("ana");
    const vault = scene.name("$vault:tea");
    const token = await scene.subscriptionToken(vault, "ana", { data: { hello: "ana" } });
    const [safe, diary] = scene.subscription(client, vault, { token });
    safe.subscribe();
    expect((await diary.next("subscribed")).data, { hello: "ana" });
    await scene.publish(vault, "gold");
    expect((await diary.next("publication")).data, "gold");
  },

  "a forged subscription token fails the subscription alone": async (scene) => {
    const [client] = await scene.connected("ana");
    const vault = scene.name("vault:tea");
    const token = await scene.subscriptionToken(vault, "ana", {}, FORGED);
    const [safe, diary] = scene.subscription(client, vault, { token });
    safe.subscribe();
    expect((await diary.next("unsubscribed")).code, 103);
    await scene.subscribed(client, scene.name("chat:tea"));
  },

  "a subscription token for another ends the connection for good": async (scene) => {
    const vault = scene.name("vault:tea");
    const wrong = [
      await scene.subscriptionToken(vault, "bo"),
      await scene.subscriptionToken(scene.name("vault:coffee"), "ana"),
    ];
    for (const token of wrong) {
      const [client, diary] = await scene.connected("ana");
      const [safe] = scene.subscription(client, vault, { token });
      safe.subscribe();
      expect((await diary.next("disconnected")).code, 3500);
    }
  },

  "an expired subscription token is replaced by a fresh one": async (scene) => {
    const [client] = await scene.connected("ana");
    const vault = scene.name("vault:tea");
    const [safe, diary] = scene.subscription(client, vault, {
      token: await scene.subscriptionToken(vault, "ana", { exp: now() - 1 }),
      getToken: ({ channel }) => scene.subscriptionToken(channel, "ana"),
    });
    safe.subscribe();
    expect((await diary.next("error")).error.code, 109);
    await diary.next("subscribed");
  },

  "a closed channel stays closed": async (scene) => {
    const [client] = await scene.connected("ana");
    const closed = { "$chat:tea": 103, "vault:tea": 103, "attic:tea": 102, "chat:té": 107 };
    for (const [channel, code] of Object.entries(closed)) {
      const [door, diary] = scene.subscription(client, scene.name(channel));
      door.subscribe();
      expect((await diary.next("unsubscribed")).code, code, channel);
    }
    await scene.subscribed(client, scene.name("chat:tea")); // the connection is as good as before
  },

  "a user limited channel admits the users it lists": async (scene) => {
    const dialog = `dialog:${scene.name("tea")}#${scene.name("ana")},${scene.name("bo")}`;
    for (const user of ["ana", "bo"]) {
      const [client] = await scene.connected(user);
      await scene.subscribed(client, dialog);
    }
    const [client] = await scene.connected("cy");
    const [door, diary] = scene.subscription(client, dialog);
    door.subscribe();
    expect((await diary.next("unsubscribed")).code, 103);
  },

  "a returning subscriber gets exactly what it missed": async (scene) => {
    const [client, diary] = await scene.connected("ana");
    const feed = scene.name("feed:tea");
    const [, posts] = await scene.subscribed(client, feed);
    await scene.publish(feed, 1);
    await posts.next("publication");
    await scene.cut();
    await diary.next("connecting");
    await scene.publish(feed, 2, 3, 4);
    await scene.mend();
    const granted = await posts.next("subscribed");
    expect([granted.wasRecovering, granted.recovered], [true, true]);
    await scene.publish(feed, 5);
    expect(await posts.untilPublished(5), [1, 2, 3, 4, 5]);
  },

  "who missed more than is kept is told so": async (scene) => {
    const [client, diary] = await scene.connected("ana");
    const feed = scene.name("feed:tea");
    const [, posts] = await scene.subscribed(client, feed);
    await scene.cut();
    await diary.next("connecting");
    await scene.publish(feed, 0, 1, 2, 3, 4, 5);
    await scene.mend();
    const granted = await posts.next("subscribed");
    expect([granted.wasRecovering, granted.recovered], [true, false]);
    await scene.publish(feed, "new");
    expect(await posts.untilPublished("new"), ["new"]);
  },

  "a returning subscriber gets the latest state": async (scene) => {
    const [client, diary] = await scene.connected("ana");
    const state = scene.name("state:lamp");
    const [, states] = await scene.subscribed(client, state, { since: {} });
    await scene.cut();
    await diary.next("connecting");
    await scene.publish(state, "on", "off", "on again");
    await scene.mend();
    expect((await states.next("subscribed")).recovered, true);
    expect(await states.untilPublished("on again"), ["on again"]);
    const [newcomer] = await scene.connected("bo");
    const [, seen] = await scene.subscribed(newcomer, state, { since: {} });
    expect(await seen.untilPublished("on again"), ["on again"]);
  },

  "an application goes on from the position of its own state": async (scene) => {
    const feed = scene.name("feed:tea");
    await scene.publish(feed, 1, 2, 3);
    const { epoch } = await scene.api("history", { channel: feed });
    const positions = [{ offset: 0, epoch: "another epoch" }, { offset: 1, epoch }];
    const [client] = await scene.connected("ana");
    const getState = async () => positions.shift();
    const [, posts] = await scene.subscribed(client, feed, { getState });
    expect(await posts.untilPublished(3), [2, 3]);
    expect(positions, [], "positions that were not asked for");
  },

  "a delta that is asked for is declined": async (scene) => {
    const [client] = await scene.connected("ana");
    const feed = scene.name("feed:tea");
    const [, posts] = await scene.subscribed(client, feed, { delta: "fossil" });
    await scene.publish(feed, { lamp: "on" }, { lamp: "off" });
    expect(await posts.untilPublished({ lamp: "off" }), [{ lamp: "on" }, { lamp: "off" }]);
  },

  "a tags filter is refused": async (scene) => {
    const [client] = await scene.connected("ana");
    const tagsFilter = { key: "colour", cmp: "eq", val: "red" };
    const [door, diary] = scene.subscription(client, scene.name("feed:tea"), { tagsFilter });
    door.subscribe();
    expect((await diary.next("unsubscribed")).code, 107);
  },

  // Publications, history, presence

  "what a client publishes reaches everybody with its name": async (scene) => {
    const chat = scene.name("chat:tea");
    const token = await scene.token("ana", { info: { name: "Ana" } });
    const [ana] = await scene.connected("ana", { token });
    const [bo] = await scene.connected("bo");
    const [room, heardByAna] = await scene.subscribed(ana, chat);
    const [, heardByBo] = await scene.subscribed(bo, chat);
    await room.publish({ text: "hello" });
    for (const diary of [heardByAna, heardByBo]) {
      const { data, info } = await diary.next("publication");
      expect([data, info.user, info.connInfo], [{ text: "hello" }, scene.name("ana"), { name: "Ana" }]);
    }
  },

  "publishing needs permission": async (scene) => {
    const [client] = await scene.connected("ana");
    const refused = await refusal(client.publish(scene.name("chat:tea"), "not a member"));
    expect(refused.code, 103);
  },

  "a client publishes to a channel it only writes to": async (scene) => {
    const [client] = await scene.connected("ana");
    const feed = scene.name("feed:tea");
    await client.publish(feed, "dropped in");
    const { publications } = await scene.api("history", { channel: feed, limit: -1 });
    expect(publications.map(({ data }) => data), ["dropped in"]);
    expect(publications[0].info.user, scene.name("ana"));
  },

  "any json arrives as it was": async (scene) => {
    const [client] = await scene.connected("ana");
    const chat = scene.name("chat:tea");
    const [room, diary] = await scene.subscribed(client, chat);
    await scene.publish(chat, ...ANY_JSON);
    for (const data of ANY_JSON) await room.publish(data);
    await scene.publish(chat, "the end");
    expect(await diary.untilPublished("the end"), [...ANY_JSON, ...ANY_JSON, "the end"]);
  },

  "tags come with a publication": async (scene) => {
    const [client] = await scene.connected("ana");
    const chat = scene.name("chat:tea");
    const [, diary] = await scene.subscribed(client, chat);
    await scene.api("publish", { channel: chat, data: 1, tags: { colour: "red" } });
    expect((await diary.next("publication")).tags, { colour: "red" });
  },

  "a burst arrives whole and in order": async (scene) => {
    const [client] = await scene.connected("ana");
    const chat = scene.name("chat:tea");
    const [, diary] = await scene.subscribed(client, chat);
    const numbers = Array.from({ length: 200 }, (_, number) => number);
    await scene.batch(numbers.map((data) => ({ publish: { channel: chat, data } })));
    expect(await diary.untilPublished(199), numbers);
  },

  "a large publication arrives whole": async (scene) => {
    const [client] = await scene.connected("ana");
    const chat = scene.name("chat:tea");
    const [, diary] = await scene.subscribed(client, chat);
    await scene.publish(chat, "x".repeat(300_000));
    expect((await diary.next("publication")).data.length, 300_000);
  },

  "history is read in pages from either end": async (scene) => {
    const [client] = await scene.connected("ana");
    const feed = scene.name("feed:tea");
    await scene.publish(feed, "a", "b", "c", "d");
    const { publications, offset, epoch } = await client.history(feed);
    expect([publications, offset], [[], 4]);
    const pages = [
      [{ limit: -1 }, "abcd"],
      [{ limit: 2 }, "ab"],
      [{ limit: 2, since: { offset: 2, epoch } }, "cd"],
      [{ limit: -1, reverse: true }, "dcba"],
      [{ limit: 9, since: { offset: 3, epoch }, reverse: true }, "ba"],
    ];
    for (const [options, page] of pages) {
      const found = await client.history(feed, options);
      expect(found.publications.map(({ data }) => data).join(""), page);
    }
    const since = { offset: 2, epoch: "another" };
    expect((await refusal(client.history(feed, { limit: 1, since }))).code, 112);
  },

  "history and presence are refused where there is none": async (scene) => {
    const [client] = await scene.connected("ana");
    const [room] = await scene.subscribed(client, scene.name("chat:tea"));
    expect((await refusal(room.history({ limit: 1 }))).code, 108);
    const [feed] = await scene.subscribed(client, scene.name("feed:tea"));
    expect((await refusal(feed.presence())).code, 108);
    expect((await refusal(feed.presenceStats())).code, 108);
  },

  "presence shows who is there": async (scene) => {
    const chat = scene.name("chat:tea");
    const token = await scene.token("ana", { info: { name: "Ana" } });
    const [ana] = await scene.connected("ana", { token });
    const [again] = await scene.connected("ana");
    const [bo] = await scene.connected("bo");
    const [room] = await scene.subscribed(ana, chat);
    await scene.subscribed(again, chat);
    await scene.subscribed(bo, chat);
    const clients = Object.values((await room.presence()).clients);
    const users = ["ana", "ana", "bo"].map((user) => scene.name(user));
    expect(clients.map(({ user }) => user).sort(), users);
    expect(clients.filter(({ connInfo }) => connInfo?.name === "Ana").length, 1);
    const { numClients, numUsers } = await room.presenceStats();
    expect([numClients, numUsers], [3, 2]);
  },

  "presence needs permission": async (scene) => {
    const [client] = await scene.connected("ana");
    expect((await refusal(client.presence(scene.name("chat:tea")))).code, 103);
  },

  "subscribers hear who comes and goes": async (scene) => {
    const chat = scene.name("chat:tea");
    const [ana] = await scene.connected("ana");
    const [bo] = await scene.connected("bo");
    const [, diary] = await scene.subscribed(ana, chat);
    expect((await diary.next("join")).info.user, scene.name("ana"));
    const [room] = await scene.subscribed(bo, chat);
    expect((await diary.next("join")).info.user, scene.name("bo"));
    room.unsubscribe();
    expect((await diary.next("leave")).info.user, scene.name("bo"));
    room.subscribe();
    expect((await diary.next("join")).info.user, scene.name("bo"));
    bo.disconnect();
    expect((await diary.next("leave")).info.user, scene.name("bo"));
  },

  "a client that dies leaves": async (scene) => {
    const chat = scene.name("chat:tea");
    const [client, diary] = await scene.connected("ana");
    await scene.subscribed(client, chat);
    const present = await scene.api("presence_stats", { channel: chat });
    expect(present, { num_clients: 1, num_users: 1 });
    await scene.cut();
    await diary.next("connecting");
    await scene.untilEmpty(chat);
  },

  // Requests that nobody answers

  "a remote call is refused": async (scene) => {
    const [client] = await scene.connected("ana");
    expect((await refusal(client.rpc("anything", {}))).code, 108);
  },

  "a message to the server ends the connection for good": async (scene) => {
    const [client, diary] = await scene.connected("ana");
    await client.send({ anybody: "there?" });
    expect((await diary.next("disconnected")).code, 3508);
  },

  // The end of subscriptions and connections

  "unsubscribing ends what is heard": async (scene) => {
    const [client] = await scene.connected("ana");
    const [chat, feed] = [scene.name("chat:tea"), scene.name("feed:tea")];
    const [room, heard] = await scene.subscribed(client, chat);
    const [, posts] = await scene.subscribed(client, feed);
    room.unsubscribe();
    expect((await heard.next("unsubscribed")).code, 0);
    await scene.untilEmpty(chat);
    await scene.publish(chat, "to nobody");
    await scene.publish(feed, "marker");
    await posts.next("publication");
    expect(heard.data, []);
  },

  "the server ends a subscription for good": async (scene) => {
    const [client] = await scene.connected("ana");
    const chat = scene.name("chat:tea");
    const [, diary] = await scene.subscribed(client, chat);
    await scene.api("unsubscribe", { user: scene.name("ana"), channel: chat });
    const { code, reason } = await diary.next("unsubscribed");
    expect([code, reason], [2000, "server unsubscribe"]);
    await scene.untilEmpty(chat);
  },

  "the server ends a connection for good": async (scene) => {
    const [, diary] = await scene.connected("ana");
    await scene.api("disconnect", { user: scene.name("ana") });
    const { code, reason } = await diary.next("disconnected");
    expect([code, reason], [3503, "force disconnect"]);
  },

  "the server sends a client away to come back": async (scene) => {
    const [client, diary] = await scene.connected("ana");
    const chat = scene.name("chat:tea");
    const [, heard] = await scene.subscribed(client, chat);
    const disconnect = { code: 4100, reason: "moving house" };
    await scene.api("disconnect", { user: scene.name("ana"), disconnect });
    const { code, reason } = await diary.next("connecting");
    expect([code, reason], [4100, "moving house"]);
    await diary.next("connected");
    await heard.next("subscribed");
    await scene.publish(chat, "welcome back");
    expect(await heard.untilPublished("welcome back"), ["welcome back"]);
  },

  "an expired connection comes back with a fresh token": async (scene) => {
    const [, diary] = await scene.connected("ana", { getToken: () => scene.token("ana") });
    await scene.api("refresh", { user: scene.name("ana"), expired: true });
    expect((await diary.next("connecting")).code, 3005);
    await diary.next("connected");
  },

  "clients of a stopping gateway wait for the next": async (scene) => {
    const [, diary] = await scene.connected("ana");
    await scene.stopGateway();
    const { code, reason } = await diary.next("connecting");
    await scene.startGateway();
    expect([code, reason], [3001, "shutdown"]);
    await diary.next("connected");
  },

  "a client that leaves is gone": async (scene) => {
    const [client, diary] = await scene.connected("ana");
    const chat = scene.name("chat:tea");
    await scene.subscribed(client, chat);
    client.disconnect();
    expect((await diary.next("disconnected")).code, 0);
    await scene.untilEmpty(chat);
  },

  // Where the transport is what it is about

  "a client falls back to the transport that works": async (scene) => {
    const at = `//127.0.0.1:${scene.stage.port}`;
    const endpoints = [
      { transport: "websocket", endpoint: `ws:${at}/no/such/path` },
      { transport: "http_stream", endpoint: `http:${at}/connection/http_stream` },
      { transport: "sse", endpoint: `http:${at}/connection/sse` },
    ];
    const [client, diary] = scene.clientAt(endpoints, { token: await scene.token("ana") });
    client.connect();
    expect((await diary.next("connected")).transport, "http_stream");
    const chat = scene.name("chat:tea");
    const [room, heard] = await scene.subscribed(client, chat);
    await room.publish("here after all");
    expect(await heard.untilPublished("here after all"), ["here after all"]);
  },

  "without an sdk an event source hears what is published": async (scene) => {
    const [inbox, chat] = [scene.name("inbox:ana"), scene.name("chat:tea")];
    const url = new URL(`http://127.0.0.1:${scene.stage.port}/connection/uni_sse`);
    const token = await scene.token("ana", { channels: [inbox] });
    url.searchParams.append("cf_connect", JSON.stringify({ token, subs: { [chat]: {} } }));
    const EventSource = scene.platform.options.eventsource ?? globalThis.EventSource;
    const source = new EventSource(url);
    const pushes = [];
    const said = new Promise((resolve, reject) => {
      source.onerror = () => reject(new Error("the stream broke"));
      source.onmessage = async ({ data }) => {
        pushes.push(JSON.parse(data));
        if (pushes.length === 1) await scene.publish(inbox, "to ana");
        if (pushes.at(-1).disconnect) resolve();
        else if (pushes.at(-1).pub) await scene.api("disconnect", { user: scene.name("ana") });
      };
    });
    await said;
    source.close();
    expect(Object.keys(pushes[0].connect.subs).sort(), [chat, inbox]);
    expect(pushes.filter(({ pub }) => pub).map(({ channel, pub }) => [channel, pub.data]), [
      [inbox, "to ana"],
    ]);
    expect(pushes.at(-1).disconnect.code, 3503);
  },
};
