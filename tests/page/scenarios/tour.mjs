// Every page there is, in both languages and both colour schemes.

import assert from "node:assert/strict";
import path from "node:path";

import { looksRight, ownWords } from "../lib/looks.mjs";
import { TABS } from "../lib/visit.mjs";


const STEPS = ["pbx", "mode", "licence", "azure", "states", "group", "policy", "check", "activate"];

/** Those that the guides show. */
const PICTURED = [...TABS, "person", "guide-pbx"];

/** German on light ground, English on dark: by what the browser asks for. */
const LOOKS = [
  { language: "de", options: { locale: "de-AT", colorScheme: "light" } },
  { language: "en", options: { locale: "en-GB", colorScheme: "dark" } },
];

/** The door, and every page of an instance. */
export async function every_page_looks_right(visit, { link, user, name, screenshots }) {
  visit.guard.permit(404, 410);
  const door = { "sign-in": "/sign-in", welcome: link };
  const room = {
    "used-link": "/setup/another",
    nowhere: "/nowhere",
    ...Object.fromEntries(TABS.map((tab) => [tab, `/i/main/${tab}`])),
    person: `/i/main/people/${user}`,
    azure: "/i/main/sign-in",
    guide: "/guide/pbx",
  };
  const seen = {};
  for (const look of LOOKS) {
    await lookAround(visit, await visit.window(look.options), door, look, seen, screenshots);
    await lookAround(visit, await visit.signedIn(look.options), room, look, seen, screenshots);
  }
  compare(visit, seen, [name]);
}

/** Every step of the set-up, before anything is set up. */
export async function every_step_of_the_set_up_looks_right(visit, { screenshots }) {
  const steps = Object.fromEntries(STEPS.map((step) => [`guide-${step}`, `/guide/${step}`]));
  const seen = {};
  for (const look of LOOKS) {
    await lookAround(visit, await visit.signedIn(look.options), steps, look, seen, screenshots);
  }
  compare(visit, seen, []);
}

async function lookAround(visit, page, addresses, { language, options }, seen, screenshots) {
  for (const [name, address] of Object.entries(addresses)) {
    await page.goto(address);
    await looksRight(visit, page, language);
    await marksItsTab(visit, page, language, name);
    seen[name] = { ...seen[name], [language]: { words: await ownWords(page), ground: await ground(page) } };
    if (screenshots && PICTURED.includes(name)) await picture(page, name, screenshots, options.colorScheme);
  }
}

function compare(visit, seen, data) {
  for (const [name, { de, en }] of Object.entries(seen)) {
    assert.notEqual(de.ground, en.ground, `${name} is as bright in the dark`);
    nothingIsLeftUntranslated(visit, name, de.words, en.words, data);
  }
}

/** By a switch that works at the door already, and that beats what the browser asks for. */
export async function the_language_can_be_switched(visit, given) {
  const page = await visit.window({ locale: "en-GB" });
  await page.goto(given.link);
  await page.getByRole("button", { name: "Deutsch" }).click();
  await page.getByRole("heading", { level: 1, name: visit.texts.de.say("welcome-title") }).waitFor();
  await page.getByLabel(visit.t("welcome-password")).fill(given.password);
  await page.getByLabel(visit.t("welcome-again")).fill(given.password);
  await page.getByRole("button", { name: visit.t("welcome-go") }).click();
  for (const tab of TABS) {
    await page.goto(`/i/main/${tab}`);
    for (const [button, language] of [["English", "en"], ["Deutsch", "de"]]) {
      await page.getByRole("button", { name: button }).click();
      await page.getByRole("heading", { level: 1, name: visit.texts[language].say(`tab-${tab}`) }).waitFor();
      assert.equal(await page.locator("html").getAttribute("lang"), language);
    }
  }
}

/** The tabs have the names that administrators know, and the one that is shown says so. */
async function marksItsTab(visit, page, language, name) {
  const tabs = page.getByRole("navigation", { name: visit.texts[language].say("tabs") }).getByRole("link");
  if (!TABS.includes(name)) return;
  assert.deepEqual((await tabs.allTextContents()).map((text) => text.trim()), {
    de: ["Übersicht", "Grundeinstellungen", "Personen", "Log", "Lizenz"],
    en: ["Overview", "Basic settings", "People", "Log", "Licence"],
  }[language]);
  const current = page.locator(".tabs [aria-current=page]");
  assert.equal(await current.textContent(), visit.texts[language].say(`tab-${name}`));
}

/** What is the same in both languages is the same in their files, too, or it is no text of the page. */
function nothingIsLeftUntranslated(visit, name, german, english, data) {
  const [de, en] = [visit.texts.de.plain(), visit.texts.en.plain()];
  const alike = new Set([...[...de].filter(([key, text]) => en.get(key) === text).map(([, text]) => text), ...data]);
  const left = german.filter((text) => english.includes(text) && !alike.has(text));
  assert.deepEqual(left, [], `${name} says the same in both languages`);
}

async function ground(page) {
  return page.locator("body").evaluate((body) => getComputedStyle(body).backgroundColor);
}

/** A picture for the guides, always on light ground. */
async function picture(page, name, folder, scheme) {
  const language = await page.locator("html").getAttribute("lang");
  const before = page.viewportSize();
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ ...before, height: Math.min(height, 1000) });
  await page.emulateMedia({ colorScheme: "light" });
  await page.screenshot({ path: path.join(folder, `${name}.${language}.png`) });
  await page.emulateMedia({ colorScheme: scheme });
  await page.setViewportSize(before);
}
