// What is true of every page, whatever it shows.

import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Whatever a page has to be: in one language, without script and style of its own, narrow where the window is, accessible. */
export async function looksRight(visit, page, language) {
  await speaks(visit, page, language);
  await bringsNoCode(page);
  await fitsANarrowWindow(page);
  await isAccessible(page);
}

/** The page says which language it is in, and shows no name of a text instead of the text. */
export async function speaks(visit, page, language) {
  assert.equal(await page.locator("html").getAttribute("lang"), language, page.url());
  const shown = await page.evaluate(() => {
    const named = ["aria-label", "title", "placeholder", "alt"];
    const attributes = [...document.querySelectorAll("*")].flatMap((element) => named.map((name) => element.getAttribute(name)));
    return [document.title, document.body.textContent, ...attributes].join(" ");
  });
  const names = new Set(visit.texts.en.names().filter((name) => name.includes("-")));
  const raw = shown.split(/[^\w-]+/).filter((word) => names.has(word));
  assert.deepEqual(raw, [], `names of texts at ${page.url()}`);
  if (language === "de") await marksEnglish(page);
}

/** In a German page English stands only where it is marked: words of the PBX, of Microsoft, of the log. */
export async function marksEnglish(page) {
  const texts = await page.evaluate(() => {
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const within = walker.currentNode.parentElement;
      if (!within.closest("[lang]:not(html, [lang=de]), code, textarea, option, script, bdi")) found.push(walker.currentNode.data.trim());
    }
    return found;
  });
  const english = texts.filter((text) => /\b(the|and|cannot|with|is|not|which|of)\b/.test(text));
  assert.deepEqual(english, [], `English that is not marked at ${page.url()}`);
}

/** Script and style come from files alone: what the policy would not run does not stand in the page in the first place. */
export async function bringsNoCode(page) {
  const found = await page.evaluate(() => {
    const elements = [...document.querySelectorAll("script:not([src]), style, [style], a[href^='javascript:']")];
    const handlers = [...document.querySelectorAll("*")].filter((element) =>
      element.getAttributeNames().some((name) => name.startsWith("on")));
    return [...elements, ...handlers].map((element) => element.outerHTML.slice(0, 200));
  });
  assert.deepEqual(found, [], `code at ${page.url()}`);
}

/** On a small telephone nobody has to push the page to and fro. */
export async function fitsANarrowWindow(page) {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 740 });
  const wide = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const beyond = [...document.querySelectorAll("body *")].filter((element) =>
      element.getBoundingClientRect().right > clientWidth + 1 && !element.closest(".wide, .tabs, .instances"));
    return [`${scrollWidth} wide`, ...beyond.map((element) => element.outerHTML.slice(0, 120))];
  });
  await page.setViewportSize(before);
  assert.deepEqual(wide, [], `too wide at ${page.url()}`);
}

/** The accessibility engine finds nothing serious. */
export async function isAccessible(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const serious = violations
    .filter((finding) => ["serious", "critical"].includes(finding.impact))
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join("; ")}`);
  assert.deepEqual(serious, [], `not accessible at ${page.url()}`);
}

/** What a page says of its own, without people's names and other data: headings, names of fields, buttons. */
export async function ownWords(page) {
  return page.evaluate(() => {
    const elements = [...document.querySelectorAll("h1, h2, h3, thead th, dt, label, legend, button, summary, nav a, option, .hint")];
    const own = elements.filter((element) => !element.closest("[lang]:not(html)"));
    return own.map((element) => element.textContent.replaceAll(/\s+/g, " ").trim()).filter((text) => /\p{L}{2}/u.test(text));
  });
}
