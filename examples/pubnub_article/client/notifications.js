/**
 * The page's side: subscribe, fetch the last ten messages, delete them.
 *
 * @param PubNub the official SDK's class
 * @param connect the answer of notifications/token/
 * @param onMessage called with each notification as it arrives
 */
export function openNotifications(PubNub, connect, onMessage) {
  const { channel } = connect;
  const pubnub = new PubNub({
    subscribeKey: connect.subscribe_key,
    uuid: connect.user_id,
    origin: connect.origin,
    ssl: connect.ssl,
  });
  pubnub.setToken(connect.token);
  let connected, refused;
  const ready = new Promise((resolve, reject) => ([connected, refused] = [resolve, reject]));
  pubnub.addListener({
    message: (event) => event.message.forEach(onMessage),
    status: (event) => {
      if (event.category === "PNConnectedCategory") connected();
      if (event.category === "PNAccessDeniedCategory") refused(new Error(event.category));
    },
  });
  pubnub.subscribe({ channels: [channel] });

  return {
    ready,
    async latest() {
      const { channels } = await pubnub.fetchMessages({ channels: [channel], count: 10 });
      return (channels[channel] ?? []).flatMap(({ message }) => message);
    },
    clear: () => pubnub.deleteMessages({ channel }),
    close: () => pubnub.stop(),
  };
}
