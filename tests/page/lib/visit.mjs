// What a scenario has in hand: windows of the browser, texts of the page, and the stage.

import { Catalogue } from "./catalogue.mjs";
import { Guard } from "./guard.mjs";

/** The tabs, by the words in their addresses and the names of their texts. */
export const TABS = ["overview", "settings", "people", "log", "licence"];

export class Visit {
  #browser;
  #given;
  #contexts = [];
  #screenshots;

  constructor(browser, given, ask, screenshots) {
    this.#browser = browser;
    this.#given = given;
    this.#screenshots = screenshots;
    this.guard = new Guard(given.origin);
    /** Asks the test, which has the daemon and the sandbox in hand. */
    this.stage = ask;
    this.texts = { de: Catalogue.read(given.locales, "de"), en: Catalogue.read(given.locales, "en") };
  }

  /** A German text of the page. */
  t(name, words) {
    return this.texts.de.say(name, words);
  }

  /** A window of a browser of its own, that is to say with its own cookies; German and light unless told otherwise. */
  async window(options = {}) {
    const context = await this.#browser.newContext({
      baseURL: this.#given.origin,
      locale: "de-DE",
      colorScheme: "light",
      viewport: { width: 1280, height: 800 },
      reducedMotion: "reduce",
      // The certificate of a test is its own.
      ignoreHTTPSErrors: this.#given.origin.startsWith("https:"),
      ...options,
    });
    context.setDefaultTimeout(30_000);
    this.guard.watch(context);
    this.#contexts.push(context);
    return context.newPage();
  }

  /** A window in which somebody is signed in. */
  async signedIn(options) {
    const page = await this.window(options);
    const password = this.#given.password;
    const link = await this.stage("setup-link");
    const answer = await page.request.post(link, { form: { password, again: password }, maxRedirects: 0 });
    if (answer.status() !== 303) throw new Error(`the one-time link answers ${answer.status()}`);
    return page;
  }

  /** Fails where the guard has seen something. */
  judge() {
    this.guard.judge();
  }

  /** For somebody who has to find out what went wrong: all windows as pictures, and what the guard has seen. */
  async show() {
    const lines = this.guard.faults.map((fault) => `seen besides: ${fault}`);
    for (const page of this.#contexts.flatMap((context) => context.pages())) {
      const file = `${this.#screenshots}-${lines.length}.png`;
      const shot = await page.screenshot({ path: file, fullPage: true }).catch(() => null);
      lines.push(`at ${page.url()}${shot ? `, as in ${file}` : ""}`);
    }
    return lines.join("\n");
  }

  async end() {
    for (const context of this.#contexts) await context.close().catch(() => {});
  }
}
