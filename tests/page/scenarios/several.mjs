// Several instances.

import assert from "node:assert/strict";

import { looksRight } from "../lib/looks.mjs";
import { TABS } from "../lib/visit.mjs";

/** Whoever changes over stays on the tab; orders and settings are those of the instance that is shown. */
export async function each_instance_has_its_own_tabs(visit) {
  const page = await visit.signedIn();
  const instances = page.getByRole("navigation", { name: visit.t("instances") });
  for (const tab of TABS) {
    await page.goto(`/i/main/${tab}`);
    assert.deepEqual(await instances.getByRole("link").allTextContents(), ["main", "zweite"]);
    await instances.getByRole("link", { name: "zweite" }).click();
    await page.waitForURL(`**/i/zweite/${tab}`);
    assert.equal(await instances.locator("[aria-current]").textContent(), "zweite");
    await looksRight(visit, page, "de");
  }
  await page.goto("/i/zweite/overview");
  await page.getByRole("button", { name: visit.t("orders-pause") }).click();
  await page.getByRole("status").filter({ hasText: visit.t("done-paused") }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/i/zweite/overview");
  assert.deepEqual(await visit.stage("modes"), ["running", "paused"]);

  await page.goto("/i/zweite/settings");
  await page.getByText(visit.t("settings-advanced"), { exact: true }).click();
  await page.getByLabel(visit.t("set-sync-poll_interval")).fill("321ms");
  const apply = page.getByRole("button", { name: visit.t("settings-apply") });
  await apply.click();
  const changes = page.getByRole("region", { name: visit.t("preview-changes") });
  assert.deepEqual(await changes.getByRole("rowheader").allTextContents(), ["instances.zweite.sync.poll_interval"]);
  await apply.click();
  await page.getByRole("status").filter({ hasText: visit.t("done-saved") }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/i/zweite/settings");
  assert.equal((await visit.stage("file")).match(/321ms/g).length, 1);
}
