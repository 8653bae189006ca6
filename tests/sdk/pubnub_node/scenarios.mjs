/** The official JavaScript SDK through all that the gateway speaks: node scenarios.mjs MAJOR NAME PORT */

import assert from "node:assert/strict";
import { GUARDED, backend, client, denied, modern, name, play, refused } from "./scene.mjs";

const publish = async (pubnub, channel, message, more = {}) =>
  (await pubnub.publish({ channel, message, ...more })).timetoken;

await play({
  async time() {
    const { pubnub } = client("ana");
    assert.ok((await pubnub.time()).timetoken > 17_000_000_000_000_000);
  },

  async publish_and_hear() {
    const ana = client("ana");
    const bo = client("bo");
    const channel = name();
    ana.pubnub.subscribe({ channels: [channel] });
    await ana.connected();
    for (const sendByPost of [false, true]) {
      for (const message of ["text", 42, [1, { a: null }], { text: 'a/b + 100 % ü 漢 "q" \n~*' }]) {
        const timetoken = await publish(bo.pubnub, channel, message, { sendByPost, meta: { k: "v w" } });
        const heard = await ana.next("message");
        assert.deepEqual(heard.message, message);
        assert.equal(heard.timetoken, timetoken);
        assert.equal(heard.publisher, "bo");
        assert.deepEqual(heard.userMetadata, { k: "v w" });
      }
    }
  },

  async signal_and_fire() {
    const ana = client("ana");
    const channel = name();
    ana.pubnub.subscribe({ channels: [channel] });
    await ana.connected();
    await ana.pubnub.fire({ channel, message: "fired" });
    await ana.pubnub.signal({ channel, message: { typing: true } });
    assert.deepEqual((await ana.next("signal")).message, { typing: true });
  },

  async many_channels() {
    const ana = client("ana");
    const channels = Array.from({ length: 20 }, () => name());
    ana.pubnub.subscribe({ channels });
    await ana.connected();
    for (const channel of channels) await publish(ana.pubnub, channel, channel);
    for (const channel of channels) assert.equal((await ana.next("message")).message, channel);
  },

  async change_of_channels_loses_nothing() {
    const ana = client("ana");
    const [first, second] = [name(), name()];
    ana.pubnub.subscribe({ channels: [first] });
    await ana.connected();
    await publish(ana.pubnub, first, 1);
    assert.equal((await ana.next("message")).message, 1);
    ana.pubnub.subscribe({ channels: [second] });
    await publish(ana.pubnub, first, 2);
    assert.equal((await ana.next("message")).message, 2);
    await publish(ana.pubnub, second, 3);
    assert.equal((await ana.next("message")).message, 3);
  },

  async wildcard() {
    const ana = client("ana");
    const top = name("top");
    ana.pubnub.subscribe({ channels: [`${top}.*`] });
    await ana.connected();
    await publish(ana.pubnub, `${top}.a`, "a");
    const heard = await ana.next("message");
    assert.equal(heard.channel, `${top}.a`);
    assert.equal(heard.subscription, `${top}.*`);
  },

  async groups() {
    const ana = client("ana");
    const [channelGroup, first, second] = [name("group"), name(), name()];
    const groups = ana.pubnub.channelGroups;
    await groups.addChannels({ channelGroup, channels: [first] });
    ana.pubnub.subscribe({ channelGroups: [channelGroup] });
    await ana.connected();
    await publish(ana.pubnub, first, 1);
    assert.equal((await ana.next("message")).subscription, channelGroup);
    await groups.addChannels({ channelGroup, channels: [second] });
    await publish(ana.pubnub, second, 2);
    assert.equal((await ana.next("message")).channel, second);
    await groups.removeChannels({ channelGroup, channels: [first] });
    assert.deepEqual((await groups.listChannels({ channelGroup })).channels, [second]);
    assert.ok((await groups.listGroups()).groups.includes(channelGroup));
    await groups.deleteGroup({ channelGroup });
    assert.deepEqual((await groups.listChannels({ channelGroup })).channels, []);
  },

  async filter() {
    const ana = client("ana");
    const channel = name();
    ana.pubnub.setFilterExpression("meta.priority == 'high' && data.score > 80");
    ana.pubnub.subscribe({ channels: [channel] });
    await ana.connected();
    await publish(ana.pubnub, channel, { score: 90 }, { meta: { priority: "low" } });
    await publish(ana.pubnub, channel, { score: 81 }, { meta: { priority: "high" } });
    assert.deepEqual((await ana.next("message")).message, { score: 81 });
  },

  async presence() {
    const ana = client("ana");
    const bo = client("bo");
    const channel = name();
    ana.pubnub.subscribe({ channels: [channel], withPresence: true });
    const own = await ana.next("presence");
    assert.deepEqual([own.action, own.uuid, own.occupancy], ["join", "ana", 1]);
    bo.pubnub.subscribe({ channels: [channel] });
    await ana.next("presence", (event) => event.action === "join" && event.uuid === "bo");
    const { channels } = await ana.pubnub.hereNow({ channels: [channel], includeState: true });
    assert.equal(channels[channel].occupancy, 2);
    assert.deepEqual((await ana.pubnub.whereNow({ uuid: "bo" })).channels.includes(channel), true);
    await bo.pubnub.setState({ channels: [channel], state: { mood: "ok" } });
    const changed = await ana.next("presence", (event) => event.action === "state-change");
    assert.deepEqual([changed.uuid, changed.state], ["bo", { mood: "ok" }]);
    const states = await ana.pubnub.getState({ channels: [channel], uuid: "bo" });
    assert.deepEqual(states.channels[channel], { mood: "ok" });
    const several = await ana.pubnub.hereNow({ channels: [channel, name()] });
    assert.deepEqual([several.totalOccupancy, several.totalChannels], [2, 1]);
    bo.pubnub.unsubscribeAll();
    const left = await ana.next("presence", (event) => event.action === "leave");
    assert.deepEqual([left.uuid, left.occupancy], ["bo", 1]);
  },

  async heartbeats() {
    const ana = client("ana");
    const bo = client("bo", undefined, { presenceTimeout: 20, heartbeatInterval: 1 });
    const channel = name();
    ana.pubnub.subscribe({ channels: [channel], withPresence: true });
    await ana.connected();
    bo.pubnub.subscribe({ channels: [channel] });
    await ana.next("presence", (event) => event.action === "join" && event.uuid === "bo");
    const { channels } = await ana.pubnub.hereNow({ channels: [channel] });
    assert.deepEqual(channels[channel].occupants.map(({ uuid }) => uuid).sort(), ["ana", "bo"]);
  },

  async history_and_delete() {
    const { pubnub } = client("ana");
    const channel = name();
    const tokens = [];
    for (const n of [1, 2, 3, 4, 5]) tokens.push(await publish(pubnub, channel, { n }, { meta: { n } }));
    const fetched = async (more = {}) => {
      const { channels } = await pubnub.fetchMessages({ channels: [channel], ...more });
      return (channels[channel] ?? []).map(({ message }) => message.n);
    };
    assert.deepEqual(await fetched(), [1, 2, 3, 4, 5]);
    assert.deepEqual(await fetched({ count: 2 }), [4, 5]);
    assert.deepEqual(await fetched({ start: tokens[3] }), [1, 2, 3]);
    assert.deepEqual(await fetched({ end: tokens[3] }), [4, 5]);
    const { channels } = await pubnub.fetchMessages({ channels: [channel], includeMeta: true });
    const [first] = channels[channel];
    assert.deepEqual([first.uuid, first.meta, first.timetoken], ["ana", { n: 1 }, tokens[0]]);
    const old = await pubnub.history({ channel, count: 2 });
    assert.deepEqual(old.messages.map(({ entry }) => entry.n), [4, 5]);
    const counts = await pubnub.messageCounts({ channels: [channel], channelTimetokens: [tokens[1]] });
    assert.equal(counts.channels[channel], 3);
    const before = (BigInt(tokens[2]) - 1n).toString();
    await pubnub.deleteMessages({ channel, start: before, end: tokens[2] });
    assert.deepEqual(await fetched(), [1, 2, 4, 5]);
    await pubnub.deleteMessages({ channel });
    assert.deepEqual(await fetched(), []);
  },

  async actions() {
    const ana = client("ana");
    const channel = name();
    ana.pubnub.subscribe({ channels: [channel] });
    await ana.connected();
    const messageTimetoken = await publish(ana.pubnub, channel, "hi");
    const action = { type: "reaction", value: "smile" };
    const { data } = await ana.pubnub.addMessageAction({ channel, messageTimetoken, action });
    const told = await ana.next("action");
    assert.deepEqual([told.event, told.data.value, told.publisher], ["added", "smile", "ana"]);
    const { data: listed } = await ana.pubnub.getMessageActions({ channel });
    assert.deepEqual(listed, [data]);
    const fetched = await ana.pubnub.fetchMessages({ channels: [channel], includeMessageActions: true });
    const [message] = fetched.channels[channel];
    assert.equal((message.actions ?? message.data).reaction.smile[0].uuid, "ana");
    const { actionTimetoken } = data;
    await ana.pubnub.removeMessageAction({ channel, messageTimetoken, actionTimetoken });
    assert.equal((await ana.next("action")).event, "removed");
  },

  async grant_parse_revoke() {
    const server = backend();
    const channel = name();
    const token = await server.grantToken({
      ttl: 60,
      authorized_uuid: "ana",
      resources: { channels: { [channel]: { read: true, write: true, delete: true } } },
      patterns: { channels: { "^news-[a-z]+$": { read: true } } },
    });
    const parsed = server.parseToken(token);
    assert.equal(parsed.ttl, 60);
    assert.equal(parsed.authorized_uuid, "ana");
    assert.equal(parsed.resources.channels[channel].delete, true);

    const ana = client("ana", GUARDED);
    await denied(ana.pubnub.publish({ channel, message: "x" }));
    await denied(ana.pubnub.fetchMessages({ channels: [channel] }));
    ana.pubnub.setToken(token);
    ana.pubnub.subscribe({ channels: [channel] });
    await ana.connected();
    await publish(ana.pubnub, channel, "x", { sendByPost: true });
    assert.equal((await ana.next("message")).message, "x");
    await ana.pubnub.fetchMessages({ channels: [channel, "news-tea"] });
    await ana.pubnub.deleteMessages({ channel });
    await denied(ana.pubnub.fetchMessages({ channels: ["news-1"] }));
    const bo = client("bo", GUARDED);
    bo.pubnub.setToken(token);
    await denied(bo.pubnub.fetchMessages({ channels: [channel] }));

    await server.revokeToken(token);
    await denied(ana.pubnub.fetchMessages({ channels: [channel] }));
    if (modern) await ana.next("status", (status) => status.error === "PNAccessDeniedCategory");
    else await ana.next("status", (status) => status.category === "PNAccessDeniedCategory");
  },

  async signed_requests() {
    const server = backend();
    const channel = name();
    await publish(server, channel, "a/b + ü~", { meta: { k: "v w*" } });
    await publish(server, channel, { posted: true }, { sendByPost: true });
    const { channels } = await server.fetchMessages({ channels: [channel] });
    assert.equal(channels[channel].length, 2);
    await server.channelGroups.addChannels({ channelGroup: name("g"), channels: [channel] });
    await server.hereNow({ channels: [channel] });
    await server.deleteMessages({ channel });
  },

  async wrong_keys() {
    const stranger = client("a", { publishKey: "x", subscribeKey: "y" }).pubnub;
    await refused(stranger.publish({ channel: "a", message: 1 }), "PNBadRequestCategory", 400);
    await refused(stranger.fetchMessages({ channels: ["a"] }), "PNBadRequestCategory", 400);
    const forger = client("a", { ...GUARDED, secretKey: "a guess" }).pubnub;
    await denied(forger.grantToken({ ttl: 1, resources: { channels: { a: { read: true } } } }));
    await denied(forger.publish({ channel: "a", message: 1 }));
  },

  async grant_to_auth_keys() {
    const server = backend();
    const channel = name();
    const what = { channels: [channel], authKeys: ["anas key", "bos key"] };
    const granted = await server.grant({ ...what, read: true, write: true, ttl: 5 });
    if (modern) assert.deepEqual([granted.ttl, granted.auths["bos key"].w], [5, 1]);
    const ana = client("ana", GUARDED);
    await denied(ana.pubnub.publish({ channel, message: "x" }));
    ana.pubnub.setAuthKey("anas key");
    ana.pubnub.subscribe({ channels: [channel] });
    await ana.connected();
    await publish(ana.pubnub, channel, "x");
    assert.equal((await ana.next("message")).message, "x");
    await server.grant(what);
    await denied(ana.pubnub.publish({ channel, message: "x" }));
  },

  async reconnect() {
    const ana = client("ana");
    ana.pubnub.subscribe({ channels: ["room"] });
    await ana.connected();
    console.log("ready"); // the gateway is now restarted, and "after" published
    assert.equal((await ana.next("message")).message, "after");
  },

  async expiry() {
    const ana = client("ana", GUARDED);
    ana.pubnub.setToken(process.env.TOKEN); // it has a few seconds left
    ana.pubnub.subscribe({ channels: ["room"] });
    await ana.connected();
    const what = modern ? "error" : "category";
    await ana.next("status", (status) => status[what] === "PNAccessDeniedCategory");
    await denied(ana.pubnub.fetchMessages({ channels: ["room"] }));
  },

  async what_is_not_here() {
    const { pubnub } = client("ana");
    await assert.rejects(pubnub.objects.getAllUUIDMetadata(), (error) => error.status.statusCode === 404);
    await assert.rejects(pubnub.listFiles({ channel: "a" }), (error) => error.status.statusCode === 404);
  },
});
