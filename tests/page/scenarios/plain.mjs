// A browser without script, and a person without a mouse.

import assert from "node:assert/strict";

import { TABS } from "../lib/visit.mjs";

/** Everything but the live parts. */
export async function without_script_everything_works(visit, { link, password, name }) {
  const page = await visit.window({ javaScriptEnabled: false });
  await page.goto(link);
  await page.getByLabel(visit.t("welcome-password")).fill(password);
  await page.getByLabel(visit.t("welcome-again")).fill(password);
  await page.getByRole("button", { name: visit.t("welcome-go") }).click();
  await page.getByRole("button", { name: visit.t("sign-out") }).click();
  await page.getByLabel(visit.t("sign-in-password")).fill(password);
  await page.getByRole("button", { name: visit.t("sign-in-go") }).click();
  for (const tab of TABS) {
    await page.getByRole("link", { name: visit.t(`tab-${tab}`), exact: true }).click();
    await page.getByRole("heading", { level: 1, name: visit.t(`tab-${tab}`) }).waitFor();
  }

  await page.getByRole("link", { name: visit.t("tab-people"), exact: true }).click();
  await page.getByLabel(visit.t("people-search")).fill(name);
  await page.getByLabel(visit.t("people-show")).selectOption("all");
  await page.getByRole("button", { name: visit.t("people-go") }).click();
  await page.getByRole("link", { name }).click();
  await page.getByRole("heading", { level: 1, name }).waitFor();

  await page.getByRole("link", { name: visit.t("tab-overview") }).click();
  await page.getByText(visit.t("says-good")).waitFor();
  await page.getByRole("button", { name: visit.t("orders-pause") }).click();
  await page.getByRole("status").filter({ hasText: visit.t("done-paused") }).waitFor();
  assert.equal(await visit.stage("mode"), "paused");
  await page.getByRole("button", { name: visit.t("orders-resume") }).click();
  await page.getByRole("status").filter({ hasText: visit.t("done-resumed") }).waitFor();
  assert.equal(await visit.stage("mode"), "running");
}

/** The whole way to one person by keys, and where one is can be seen at every step. */
export async function without_a_mouse_one_gets_everywhere(visit, { password, name }) {
  await visit.signedIn();
  const page = await visit.window();
  await page.goto("/i/main/overview");
  // The field has the focus by itself, though not in the very moment in which the page is there.
  await page.locator("#password:focus").waitFor();
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/i/main/overview");

  await tabTo(page, visit.t("skip"), 1);
  await tabTo(page, visit.t("tab-people"));
  await page.keyboard.press("Enter");
  await page.waitForURL("**/i/main/people");

  await tabTo(page, visit.t("skip"), 1);
  await page.keyboard.press("Enter");
  await tabTo(page, visit.t("people-search"), 1);
  await page.keyboard.type(name);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/i/main/people?**");
  await tabTo(page, visit.t("skip"), 1);
  await page.keyboard.press("Enter");
  await tabTo(page, name);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

/** Presses Tab until this has the focus, in at most so many steps. */
async function tabTo(page, name, most = 20) {
  const passed = [];
  for (let step = 0; step < most; step += 1) {
    await page.keyboard.press("Tab");
    const { text, seen } = await page.evaluate(() => {
      const element = document.activeElement;
      const named = element.labels?.[0] ?? element;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      const onScreen = box.width > 0 && box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight;
      return { text: named.textContent.trim(), seen: onScreen && outlineStyle !== "none" && outlineWidth !== "0px" };
    });
    assert.ok(seen, `the focus on \`${text}\` does not show`);
    if (text === name) return;
    passed.push(text);
  }
  assert.fail(`no way to \`${name}\` past ${passed.map((text) => `\`${text}\``).join(", ")}`);
}
