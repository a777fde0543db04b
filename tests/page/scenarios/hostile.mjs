// Names that somebody chose to do harm.

import assert from "node:assert/strict";

import { looksRight } from "../lib/looks.mjs";

/** People's names are text wherever they stand: whole, in their place, and turning nothing round that is not theirs. */
export async function odd_people_do_nothing(visit, { names, user }) {
  visit.guard.permit(422);
  const page = await visit.signedIn();
  await page.goto("/i/main/people");
  const listed = (await page.locator("tbody th a bdi").allTextContents()).map(shown);
  for (const name of names) assert.ok(listed.includes(shown(name)), `${name} of ${listed}`);
  await isHarmless(visit, page);
  await page.getByLabel(visit.t("people-search")).fill(names[1]);
  await page.getByRole("button", { name: visit.t("people-go") }).click();
  await page.getByText(visit.t("people-count", { fitting: 1, members: names.length + 1 })).waitFor();
  await isHarmless(visit, page);
  for (let number = 0; number < names.length; number += 1) {
    await page.goto(`/i/main/people/${user + number}`);
    assert.equal(shown(await page.getByRole("heading", { level: 1 }).textContent()), shown(names[number]));
    await isHarmless(visit, page);
  }
  // The same as an address that the configuration refuses.
  await page.goto("/i/main/settings");
  await page.getByText(visit.t("settings-advanced"), { exact: true }).click();
  await page.getByLabel(visit.t("set-sync-exclude")).fill(names.slice(0, 2).join("\n"));
  await page.getByRole("button", { name: visit.t("settings-save") }).click();
  await page.getByRole("alert").waitFor();
  await isHarmless(visit, page);
}

/** So is the name of a group, among those that can be chosen. */
export async function an_odd_group_does_nothing(visit, { group }) {
  const page = await visit.signedIn();
  await page.goto("/i/main/settings");
  const choice = page.getByLabel(visit.t("set-starface-group"), { exact: true });
  const chosen = await choice.evaluate((select) => select.selectedOptions[0].textContent);
  assert.ok(shown(chosen).startsWith(shown(group)), `${chosen} for ${group}`);
  await isHarmless(visit, page);
}

async function isHarmless(visit, page) {
  assert.equal(await page.evaluate(() => globalThis.hacked), undefined, page.url());
  assert.equal(await page.locator("img[src=x]").count(), 0);
  await looksRight(visit, page, "de");
}

function shown(text) {
  return text.trim().replaceAll(/\s+/g, " ");
}
