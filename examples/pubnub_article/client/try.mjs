/** Follow one user's notifications from a terminal: node try.mjs CONNECT_JSON [sdk package] */

import { createRequire } from "node:module";
import { openNotifications } from "./notifications.js";

const [, , connect, sdk = "pubnub"] = process.argv;
const require = createRequire(`${process.cwd()}/`);
const notifications = openNotifications(require(sdk), JSON.parse(connect), async ({ text }) => {
  console.log(JSON.stringify({ heard: text }));
  console.log(JSON.stringify({ kept: (await notifications.latest()).map((one) => one.text) }));
  await notifications.clear();
  console.log(JSON.stringify({ kept: (await notifications.latest()).map((one) => one.text) }));
  notifications.close();
  process.exit();
});
try {
  await notifications.ready;
  console.log(JSON.stringify({ ready: true }));
} catch ({ message }) {
  console.log(JSON.stringify({ refused: message }));
  process.exit(1);
}
