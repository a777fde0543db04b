// The tab of the people, and one of them.

import assert from "node:assert/strict";

import { looksRight } from "../lib/looks.mjs";

/** Whoever needs somebody comes first, and everybody is on one of the pages. */
export async function everybody_is_listed(visit, { members, ambiguous, unmatched }) {
  const page = await visit.signedIn();
  await page.goto("/i/main/people");
  await count(visit, page, members, members);
  const first = await names(page);
  assert.equal(first[0], ambiguous);
  assert.deepEqual(first.slice(1, 1 + unmatched.length).sort(), [...unmatched].sort());
  const remarks = page.locator("tbody tr").locator(".mark.bad");
  assert.equal(await remarks.count(), 1 + unmatched.length);
  await page.locator("tbody tr").first().getByText(visit.t("skip-ambiguous")).waitFor();

  const [next, back] = ["people-after", "people-before"].map((name) => page.getByRole("link", { name: visit.t(name) }));
  assert.equal(await back.count(), 0);
  const pages = [await people(page)];
  while (await next.count()) {
    await next.click();
    await page.waitForURL(`**page=${pages.length}`);
    pages.push(await people(page));
  }
  assert.deepEqual(pages.map((rows) => rows.length), [50, 50, members - 100]);
  assert.equal(new Set(pages.flat()).size, members);
  await back.click();
  await page.waitForURL("**page=1");
  assert.deepEqual(await people(page), pages[1]);
}

/** By name, address and login, in whatever case, and by what is wrong. */
export async function people_are_found(visit, { members, sought, family, relatives, ambiguous, unmatched }) {
  const page = await visit.signedIn();
  await page.goto("/i/main/people");
  const search = async (text, fitting) => {
    await page.getByLabel(visit.t("people-search")).fill(text);
    await page.getByRole("button", { name: visit.t("people-go") }).click();
    await count(visit, page, fitting, members);
    assert.equal(await page.getByLabel(visit.t("people-search")).inputValue(), text);
    return names(page);
  };
  assert.deepEqual(await search(sought.address.toUpperCase(), 1), [sought.name]);
  assert.deepEqual(await search(sought.login, 1), [sought.name]);
  const found = await search(family.toLowerCase(), relatives);
  assert.ok(found.every((name) => name.includes(family)), found.join());
  assert.deepEqual(await search('<b>"nobody"</b>&', 0), []);
  await search("", members);

  const show = async (choice, fitting) => {
    await page.getByLabel(visit.t("people-show")).selectOption({ label: visit.t(`show-${choice}`) });
    await count(visit, page, fitting, members);
    return names(page);
  };
  assert.deepEqual(await show("ambiguous", 1), [ambiguous]);
  assert.deepEqual((await show("unmatched", unmatched.length)).sort(), [...unmatched].sort());
  // A search goes on among those who are shown.
  assert.deepEqual(await search(unmatched[0], 1), [unmatched[0]]);
  await looksRight(visit, page, "de");
}

/** What no form of ours asks for is no reason to fall over. */
export async function a_wrong_address_is_answered(visit) {
  visit.guard.permit(400, 404);
  const page = await visit.signedIn();
  for (const [address, status] of [
    ["/i/main/people?page=18446744073709551615", 200],
    ["/i/main/people?page=second", 400],
    ["/i/main/people?show=friends", 400],
    ["/i/main/people/999999", 404],
    ["/i/main/people/somebody", 404],
    ["/i/other/people", 404],
    ["/i/other/overview", 404],
  ]) {
    const answer = await page.goto(address);
    assert.equal(answer.status(), status, address);
    if (status !== 200) await page.getByRole("heading", { level: 1, name: visit.t("error-title") }).waitFor();
  }
}

/** The rule that won by its name, and whose value stands in the PBX. */
export async function one_person_is_explained(visit, { name }) {
  const page = await visit.signedIn();
  await page.goto("/i/main/people");
  await page.getByRole("link", { name }).click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
  const dnd = page.getByRole("region", { name: visit.t("field-dnd") });
  await dnd.getByText("Busy/InACall").first().waitFor();
  assert.match(await fact(dnd, visit.t("field-stands")), new RegExp(`^${visit.t("dnd-on")}`));
  assert.equal(await fact(dnd, visit.t("field-owner")), visit.t("owner-us"));
  const person = page.getByRole("region", { name: visit.t("person-title") });
  assert.equal(await fact(person, visit.t("person-presence")), "Beschäftigt – In einem Anruf");
  assert.equal(await fact(person, visit.t("person-raw")), "Busy/InACall");
  await looksRight(visit, page, "de");
}

/** Nothing is written for whoever is paused, and everybody else goes on. */
export async function one_person_is_paused(visit, { name, user }) {
  const page = await visit.signedIn();
  await page.goto(`/i/main/people/${user}`);
  await page.getByRole("heading", { level: 1, name }).waitFor();
  await page.getByRole("button", { name: visit.t("person-pause") }).click();
  await page.getByRole("status").filter({ hasText: visit.t("done-person-paused") }).waitFor();
  assert.deepEqual(await visit.stage("a-call-of-two"), { paused: false, other: true });

  await page.getByLabel(visit.t("people-show")).selectOption({ label: visit.t("show-paused") });
  await page.waitForURL("**show=paused");
  assert.deepEqual(await names(page), [name]);
  await page.getByRole("link", { name }).click();
  await page.getByText(visit.t("skip-why-paused")).first().waitFor();
  await looksRight(visit, page, "de");
  await page.getByRole("button", { name: visit.t("person-resume") }).click();
  await page.getByRole("status").filter({ hasText: visit.t("done-person-resumed") }).waitFor();
  assert.equal(await visit.stage("in-line"), true);
}

async function count(visit, page, fitting, all) {
  await page.getByText(visit.t("people-count", { fitting, members: all })).waitFor();
}

async function names(page) {
  return page.locator("tbody th a").allTextContents();
}

async function people(page) {
  return page.locator("tbody th a").evaluateAll((links) => links.map((link) => link.href));
}

async function fact(region, name) {
  const term = region.locator("dt").filter({ hasText: new RegExp(`^${name}$`) });
  return term.locator("xpath=following-sibling::dd[1]").textContent();
}
