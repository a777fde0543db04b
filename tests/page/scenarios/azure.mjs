// Signing in to Microsoft as a person, by device code.

import assert from "node:assert/strict";

import { looksRight } from "../lib/looks.mjs";

/** The dialogue with its code: declined once, then agreed to; the page notices both by itself, and says who it was. */
export async function somebody_signs_in_by_device_code(visit, { link, account }) {
  const page = await visit.signedIn();
  await page.goto("/i/main/settings");
  const section = page.getByRole("region", { name: visit.t("azure-title") });
  await section.getByText(visit.t("azure-out"), { exact: true }).waitFor();
  await section.getByText(visit.t("azure-nobody"), { exact: true }).waitFor();
  await section.getByRole("link", { name: visit.t("azure-go") }).click();
  const code = page.locator(".code");

  await page.getByRole("button", { name: visit.t("azure-begin") }).click();
  const declined = await code.textContent();
  assert.equal(await page.getByRole("link", { name: link }).getAttribute("href"), link);
  await page.locator("[data-countdown]").filter({ hasText: /^1[45]:\d\d$/ }).waitFor();
  await looksRight(visit, page, "de");
  await visit.stage("enter-code", { code: declined, agrees: false });
  await page.getByText(visit.t("azure-came-to-nothing")).waitFor();

  await page.getByRole("button", { name: visit.t("azure-again") }).click();
  await page.getByText(visit.t("azure-waits")).waitFor();
  const agreed = await code.textContent();
  assert.notEqual(agreed, declined);
  await visit.stage("enter-code", { code: agreed, agrees: true });
  await page.getByRole("status").filter({ hasText: visit.t("azure-done-as", { word: account }) }).waitFor();
  await looksRight(visit, page, "de");
  assert.equal(await visit.stage("in-line"), true);
  await page.goto("/i/main/settings");
  await section.getByText(visit.t("azure-in"), { exact: true }).waitFor();
  const says = visit.t("azure-as", { account });
  await section.getByText(says, { exact: true }).waitFor();
  await page.goto("/i/main/overview");
  await page.getByText(says, { exact: true }).waitFor();
}
