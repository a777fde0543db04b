// One Chromium for all scenarios. Each scenario comes over a connection of its own: a line of JSON with its name and what it
// is given, then what it asks of the stage and the answers to that, and at last how it ended.
//
//   node browser.mjs CHROMIUM SCREENSHOTS
//
// prints the port, and ends with its standard input.

import net from "node:net";

import { chromium } from "playwright-core";

import { play } from "./lib/play.mjs";

const [executablePath, screenshots] = process.argv.slice(2);

const browser = await chromium.launch({
  executablePath,
  args: [
    "--no-sandbox", // as root, Chromium starts no other way
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

const server = net.createServer((connection) => play(browser, connection, screenshots));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));

process.stdin.resume();
process.stdin.on("end", async () => {
  await browser.close();
  process.exit(0);
});
