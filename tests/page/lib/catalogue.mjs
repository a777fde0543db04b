// The texts of the page, as its Fluent files have them.

import fs from "node:fs";
import path from "node:path";

export class Catalogue {
  #texts;

  constructor(texts) {
    this.#texts = texts;
  }

  static read(folder, language) {
    const source = fs.readFileSync(path.join(folder, `${language}.ftl`), "utf8");
    const messages = source.matchAll(/^([a-z][\w-]*) =(.*(?:\n[ }].*)*)$/gim);
    return new Catalogue(new Map([...messages].map(([, name, text]) => [name, text.trim()])));
  }

  /** One text, with words put into it. Texts that choose between singular and plural are not for this. */
  say(name, words = {}) {
    const text = this.#texts.get(name);
    if (text === undefined) throw new Error(`there is no text \`${name}\``);
    if (text.includes("->")) throw new Error(`the text \`${name}\` chooses`);
    return text.replaceAll(/\{ \$(\w+) \}/g, (_, word) => String(words[word]));
  }

  /** The names of all texts. */
  names() {
    return [...this.#texts.keys()];
  }

  /** The texts that are the same wherever they stand, by their names. */
  plain() {
    return new Map([...this.#texts].filter(([, text]) => !text.includes("{")));
  }
}
