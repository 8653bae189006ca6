// Plays scenarios in Node: a line of JSON in for each, a line out.

import { createInterface } from "node:readline";
import { Centrifuge } from "centrifuge";
import { EventSource } from "eventsource";
import WebSocket from "ws";
import { names, noteStray, play } from "./play.mjs";

const platform = { Centrifuge, options: { websocket: WebSocket, eventsource: EventSource } };

process.on("unhandledRejection", noteStray);
process.on("uncaughtException", noteStray);

createInterface({ input: process.stdin }).on("line", async (line) => {
  const { number, stage } = JSON.parse(line);
  const answer = stage ? await play(platform, stage) : names();
  process.stdout.write(`${JSON.stringify({ number, answer })}\n`);
});
