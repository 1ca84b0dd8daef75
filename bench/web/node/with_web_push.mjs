// npm's web-push 3.6.7 as its documentation shows, up to where it would send.

import { createECDH } from "node:crypto";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";

// Installed apart from this file.
const webPush = createRequire(`${process.env.BENCH_WEB_NODE_MODULES}/`)("web-push");

const number = { type: "string" };
const { values } = parseArgs({
  options: { messages: number, subscriptions: number, "text-bytes": number },
});
const messages = Number(values.messages);
const text = "x".repeat(Number(values["text-bytes"]));

const subscriptions = Array.from({ length: Number(values.subscriptions) }, (_, index) => {
  const auth = Buffer.alloc(16);
  auth.writeUInt32BE(index);
  return {
    endpoint: `https://push.example/push/${String(index).padStart(163, "0")}`,
    keys: {
      p256dh: createECDH("prime256v1").generateKeys("base64url"),
      auth: auth.toString("base64url"),
    },
  };
});
const { publicKey, privateKey } = webPush.generateVAPIDKeys();
const options = {
  vapidDetails: { subject: "mailto:ops@example.org", publicKey, privateKey },
  contentEncoding: "aes128gcm",
};

function make(count) {
  let last;
  for (let index = 0; index < count; index += 1) {
    last = webPush.generateRequestDetails(subscriptions[index % subscriptions.length], text, options);
  }
  return last;
}

make(subscriptions.length);
const cpu = process.cpuUsage();
const wall = performance.now();
const last = make(messages);
const { user, system } = process.cpuUsage(cpu);
const wall_us = (performance.now() - wall) * 1000;
// Header, text, delimiter, tag.
if (last.body.length !== 86 + text.length + 1 + 16) {
  throw new Error(`a body of ${last.body.length} bytes`);
}
console.log(JSON.stringify({ count: messages, cpu_us: user + system, wall_us }));
