// Plays one scenario, and tells how it ended.

import path from "node:path";
import readline from "node:readline";

import { Visit } from "./visit.mjs";

/** Plays what comes over a connection: `scenario` is `FILE/FUNCTION`, as in `scenarios/FILE.mjs`. */
export async function play(browser, connection, screenshots) {
  const lines = readline.createInterface({ input: connection })[Symbol.asyncIterator]();
  const say = (message) => connection.write(`${JSON.stringify(message)}\n`);
  const hear = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the test has ended");
    return JSON.parse(value);
  };
  const ask = async (question, about = {}) => {
    say({ ask: question, about });
    return (await hear()).answer;
  };
  let visit;
  try {
    const { scenario, given } = await hear();
    visit = new Visit(browser, given, ask, path.join(screenshots, scenario.replace("/", "-")));
    const [file, name] = scenario.split("/");
    const story = (await import(`../scenarios/${file}.mjs`))[name];
    if (!story) throw new Error(`there is no scenario \`${scenario}\``);
    const result = await story(visit, given);
    visit.judge();
    say({ result: result ?? null });
  } catch (error) {
    const shown = visit ? await visit.show() : "";
    say({ failed: `${error.stack ?? error}\n${shown}` });
  } finally {
    await visit?.end();
    connection.end();
  }
}
