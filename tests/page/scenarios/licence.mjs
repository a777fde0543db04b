// The licence: too small, refused, and replaced.

import assert from "node:assert/strict";

import { looksRight } from "../lib/looks.mjs";

/** Nobody is synchronised by a licence that is too small; a larger one opens the gate. */
export async function a_licence_that_is_too_small_is_replaced(visit, { seats, members, smaller, larger }) {
  visit.guard.permit(422);
  const page = await visit.signedIn();
  await page.goto("/i/main/overview");
  await page.getByText(visit.t("gate-too-few-seats")).waitFor();
  await page.getByRole("link", { name: visit.t("tab-licence") }).click();
  await page.getByRole("status").filter({ hasText: visit.t("gate-too-few-seats") }).waitFor();
  const terms = page.getByRole("region", { name: visit.t("licence-terms"), exact: true });
  await terms.getByText(`${members} / ${seats}`).last().waitFor();
  await terms.getByText(visit.t("licence-small")).waitFor();
  await looksRight(visit, page, "de");

  const key = page.getByLabel(visit.t("licence-key"), { exact: true });
  const save = async (text) => {
    await key.fill(text);
    await page.getByRole("button", { name: visit.t("licence-save") }).click();
  };
  const refused = (text) => page.getByRole("alert").filter({ hasText: text }).waitFor();
  await save("keine Lizenz");
  await refused(visit.t("licence-refused-not-a-licence"));
  await save(larger.replace(/.{9}$/, "AAAAAAAAA"));
  await refused(visit.t("licence-refused-wrong-signature"));
  await save(smaller);
  await refused(/Diese Lizenz ist zu klein/);
  assert.equal(await key.inputValue(), smaller);
  await looksRight(visit, page, "de");
  assert.equal(await visit.stage("in-force"), "too-few-seats");

  // As it comes out of a mail, in lines.
  await save(larger.replaceAll(/.{60}/g, "$&\n"));
  await page.getByRole("status").filter({ hasText: visit.t("done-licence") }).waitFor();
  assert.equal(await visit.stage("in-line"), true);
  await page.goto("/i/main/licence");
  await page.getByRole("status").filter({ hasText: visit.t("licence-open") }).waitFor();
}
