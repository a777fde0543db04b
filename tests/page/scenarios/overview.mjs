// The overview: orders, plans that are held, and what shows by itself.

import assert from "node:assert/strict";

import { looksRight } from "../lib/looks.mjs";

/** Nothing is written during a pause, and afterwards what was missed. */
export async function an_instance_is_paused(visit) {
  const page = await visit.signedIn();
  await page.goto("/i/main/overview");
  await page.getByLabel(visit.t("orders-pause-for")).selectOption({ label: visit.t("orders-two-hours") });
  await page.getByRole("button", { name: visit.t("orders-pause") }).click();
  await page.getByRole("status").filter({ hasText: visit.t("done-paused") }).waitFor();
  await page.getByText(/Die Instanz ist bis \d\d\.\d\d\.\d{4} .* pausiert/).waitFor();
  assert.equal(await visit.stage("mode"), "paused");
  assert.deepEqual(await visit.stage("a-call"), { seen: true, dnd: false });

  await page.getByRole("button", { name: visit.t("orders-resume") }).click();
  await page.getByRole("status").filter({ hasText: visit.t("done-resumed") }).waitFor();
  assert.equal(await visit.stage("mode"), "running");
  assert.equal(await visit.stage("in-line"), true);
}

/** Taking everything back is asked about first. */
export async function everything_is_taken_back(visit) {
  visit.guard.permit(400);
  const page = await visit.signedIn();
  await page.goto("/i/main/overview");
  const release = page.locator("details").filter({ hasText: visit.t("orders-release-hint") });
  await release.locator("summary").click();
  const [sure, go] = [release.getByLabel(visit.t("orders-sure")), release.getByRole("button")];
  await go.click();
  assert.equal(await sure.evaluate((box) => box.validity.valueMissing), true);
  await release.locator("form").evaluate((form) => { form.noValidate = true; });
  const refused = page.waitForResponse((response) => response.url().endsWith("/order/release"));
  await go.click();
  assert.equal((await refused).status(), 400);
  assert.deepEqual(await visit.stage("ours"), { mode: "running", dnd: true });

  await page.goto("/i/main/overview");
  await release.locator("summary").click();
  await sure.check();
  await go.click();
  await page.getByRole("status").filter({ hasText: visit.t("done-released") }).waitFor();
  assert.equal(await visit.stage("taken-back"), true);
  await page.getByRole("button", { name: visit.t("orders-resume") }).waitFor();
}

/** A plan that is held shows to whoever looks at the page already, and passes when it is approved. */
export async function a_held_plan_is_approved(visit) {
  const page = await visit.signedIn();
  await page.goto("/i/main/overview");
  await page.evaluate(() => { globalThis.notLoadedAgain = true; });
  const section = page.getByRole("region", { name: visit.t("held-title") });
  assert.equal(await section.count(), 0);
  const held = await visit.stage("everybody-meets");
  await section.getByText(`${held} Änderungen`).waitFor();
  assert.equal(await page.evaluate(() => globalThis.notLoadedAgain), true);
  await looksRight(visit, page, "de");
  await section.getByRole("link", { name: visit.t("held-show") }).click();
  const rows = page.getByRole("row").filter({ hasText: visit.t("work-held") });
  await rows.first().waitFor();
  assert.equal(await rows.filter({ hasText: "DND aus → DND an" }).count(), held);
  await looksRight(visit, page, "de");
  await page.goBack();
  await section.getByRole("button", { name: visit.t("held-approve") }).click();
  await page.getByRole("status").filter({ hasText: visit.t("done-approved") }).waitFor();
  assert.equal(await visit.stage("in-line"), true);
  await page.goto("/i/main/overview");
  assert.equal(await section.count(), 0);
}

/** Whoever only looks at the page sees that the PBX is gone, and that it is back. */
export async function a_broken_pbx_shows_by_itself(visit) {
  const page = await visit.signedIn();
  await page.goto("/i/main/overview");
  await page.evaluate(() => { globalThis.notLoadedAgain = true; });
  const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: visit.t("link-pbx"), exact: true }) });
  const state = (word) => row.getByText(visit.t(`link-state-${word}`), { exact: true });
  await state("up").waitFor();
  await visit.stage("pbx-breaks");
  await state("down").waitFor();
  await row.getByText(visit.t("fault-unreachable")).waitFor();
  await row.getByText("Netz, Adresse und Firewall prüfen.").waitFor();
  await looksRight(visit, page, "de");
  const details = row.locator("details");
  await details.locator("summary").click();
  await page.locator("[data-live$=live]").evaluate(changed);
  assert.equal(await details.evaluate((element) => element.open), true, "what is open stays open");
  assert.equal(await details.locator("summary").evaluate((element) => element === document.activeElement), true);
  await visit.stage("pbx-is-mended");
  await state("up").waitFor();
  assert.equal(await page.evaluate(() => globalThis.notLoadedAgain), true);
}

/** Until the server has sent a part again. */
function changed(part) {
  return new Promise((resolve) => {
    new MutationObserver(resolve).observe(part, { childList: true });
  });
}
