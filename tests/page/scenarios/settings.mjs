// The basic settings: looked at before they are saved, refused where they are not good, and never lost.

import assert from "node:assert/strict";

import { looksRight } from "../lib/looks.mjs";

const SETTINGS = "/i/main/settings";

/** What a rule would change is said before it is saved, and nothing happens until then. */
export async function a_rule_is_changed_after_a_look_at_what_it_does(visit, { away }) {
  const page = await visit.signedIn();
  await page.goto(SETTINGS);
  const row = page.getByRole("group", { name: visit.t("availability-Away"), exact: true });
  const dnd = row.getByLabel(visit.t("rules-dnd"));
  const preview = page.getByRole("region", { name: visit.t("preview-now") });
  const [save, cancel] = ["save", "cancel"].map((name) => page.getByRole("button", { name: visit.t(`settings-${name}`) }));
  const before = await visit.stage("file");
  assert.equal(await dnd.isChecked(), false);

  await dnd.check();
  await save.click();
  await preview.getByText(`Das würde jetzt ${away.length} Personen ändern.`).waitFor();
  await preview.getByText(visit.t("preview-who")).click();
  assert.deepEqual((await preview.getByRole("rowheader").allTextContents()).sort(), [...away].sort());
  assert.match(await preview.getByRole("row").nth(1).textContent(), /DND aus → DND an.*Away/);
  const changes = page.getByRole("region", { name: visit.t("preview-changes") });
  assert.deepEqual(await changes.getByRole("rowheader").allTextContents(), ["instances.main.rules.dnd"]);
  await looksRight(visit, page, "de");
  await cancel.click();
  assert.equal(await dnd.isChecked(), true, "what was chosen is still there");
  assert.deepEqual(await visit.stage("away-have-dnd"), away.map(() => false));
  assert.equal(await visit.stage("file"), before);

  await save.click();
  await preview.waitFor();
  await save.click();
  await page.getByRole("status").filter({ hasText: visit.t("done-saved") }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/i/main/overview");
  assert.equal(await visit.stage("away-get-dnd"), true);
  const after = await visit.stage("file");
  assert.match(after, /^# A configuration for the sandbox/, "comments stay");
  assert.match(after, /dnd = \[[^\]]*"Away"/s);
}

/** Of two who change the file at once the second is told, keeps what was typed, and takes nothing from the first. */
export async function two_at_once_lose_nothing(visit) {
  visit.guard.permit(409);
  const [one, other] = [await visit.signedIn(), await visit.window()];
  await other.context().addCookies(await one.context().cookies());
  const interval = (page, name) => page.getByLabel(visit.t(`set-sync-${name}`));
  const button = (page, name) => page.getByRole("button", { name: visit.t(`settings-${name}`) });
  for (const page of [one, other]) {
    await page.goto(SETTINGS);
    await page.getByText(visit.t("settings-advanced"), { exact: true }).click();
  }
  await interval(one, "roster_interval").fill("61s");
  await button(one, "apply").click();
  await one.getByRole("heading", { name: visit.t("preview-title") }).waitFor();

  await interval(other, "poll_interval").fill("333ms");
  await button(other, "apply").click();
  await other.getByRole("heading", { name: visit.t("preview-title") }).waitFor();
  await button(other, "apply").click();
  await other.getByRole("status").filter({ hasText: visit.t("done-saved") }).waitFor();

  // The first one's look is at a file that is no more.
  await button(one, "apply").click();
  await one.getByRole("alert").filter({ hasText: visit.t("settings-stale") }).waitFor();
  assert.equal(await interval(one, "roster_interval").inputValue(), "61s");
  assert.doesNotMatch(await visit.stage("file"), /61s/);
  await button(one, "apply").click();
  const changes = one.getByRole("region", { name: visit.t("preview-changes") });
  assert.deepEqual(await changes.getByRole("rowheader").allTextContents(), ["instances.main.sync.roster_interval"]);
  const confirmation = await one.locator("form[action$='/confirm']").evaluate((form) => Object.fromEntries(new FormData(form)));
  await button(one, "apply").click();
  await one.getByRole("status").filter({ hasText: visit.t("done-saved") }).waitFor();
  assert.match(await visit.stage("file"), /poll_interval = "333ms"\nroster_interval = "61s"/);

  // What was confirmed once cannot be confirmed again.
  const again = await one.request.post(`${SETTINGS}/confirm`, { form: { ...confirmation, do: "apply" } });
  assert.equal(again.status(), 410);
}

/** A value that will not do is told at its field, and what else was typed stays. */
export async function a_bad_value_is_told_at_its_field(visit) {
  visit.guard.permit(422);
  const page = await visit.signedIn();
  await page.goto(SETTINGS);
  const before = await visit.stage("file");
  const label = (name) => page.getByLabel(visit.t(`set-${name}`), { exact: true });
  await page.getByText(visit.t("settings-advanced"), { exact: true }).click();
  await label("sync-poll_interval").fill("zwei");
  await label("starface-url").fill("http://pbx.example");
  await label("sync-breaker-share").fill("0,25");
  await page.getByRole("button", { name: visit.t("settings-save") }).click();
  await page.getByRole("alert").filter({ hasText: visit.t("settings-not-good") }).waitFor();
  for (const [name, value] of [["sync-poll_interval", "zwei"], ["starface-url", "http://pbx.example"]]) {
    assert.equal(await label(name).inputValue(), value);
    assert.equal(await label(name).getAttribute("aria-invalid"), "true");
    const about = await label(name).getAttribute("aria-describedby");
    const wants = name.endsWith("url") ? "url" : "duration";
    await page.locator(`#${about}`).locator(".fault").getByText(visit.t(`fault-wants-${wants}`)).waitFor();
  }
  assert.equal(await label("sync-breaker-share").inputValue(), "0,25");
  assert.equal(await page.locator("[aria-invalid=true]").count(), 2);
  await looksRight(visit, page, "de");
  assert.equal(await visit.stage("file"), before);
}

/** A secret goes in and never comes out. */
export async function secrets_go_in_and_never_come_out(visit, { secrets }) {
  const page = await visit.signedIn();
  const leaks = [];
  const seek = async (where) => {
    const html = await page.content();
    leaks.push(...[...secrets, "ein neues Geheimnis"].filter((secret) => html.includes(secret)).map((secret) => `${secret} ${where}`));
  };
  await page.goto(SETTINGS);
  await seek("in the form");
  const field = page.getByLabel(visit.t("set-starface-chat-shared_secret_file"), { exact: true });
  assert.equal(await field.inputValue(), "");
  const about = page.locator(`#${await field.getAttribute("aria-describedby")}`);
  await about.getByText(visit.t("secret-set"), { exact: true }).waitFor();
  await field.fill("ein neues Geheimnis");
  await page.getByRole("button", { name: visit.t("settings-apply") }).click();
  await page.getByText(visit.t("preview-new-secret")).waitFor();
  await seek("in the preview");
  await page.getByRole("button", { name: visit.t("settings-apply") }).click();
  await page.getByRole("status").filter({ hasText: visit.t("done-saved") }).waitFor();
  await seek("after saving");
  assert.deepEqual(leaks, []);
  assert.deepEqual(await visit.stage("chat-secret"), { text: "ein neues Geheimnis", mode: "600", inFile: false });
}

/** A secret that is not needed can be taken out again: seen before it is done, and told in the audit. */
export async function an_optional_secret_is_taken_out_again(visit) {
  const page = await visit.signedIn();
  const label = visit.t("set-starface-oauth_client_secret_file");
  const [field, clear] = [label, visit.t("secret-clear", { word: label })].map((name) => page.getByLabel(name, { exact: true }));
  const apply = page.getByRole("button", { name: visit.t("settings-apply") });
  const changed = page.getByRole("region", { name: visit.t("preview-changes") }).getByRole("row").nth(1);
  const done = page.getByRole("status").filter({ hasText: visit.t("done-saved") });
  await page.goto(SETTINGS);
  assert.equal(await clear.count(), 0, "there is nothing to take out");
  await field.fill("ein Clientgeheimnis");
  await apply.click();
  await changed.waitFor();
  await apply.click();
  await done.waitFor();
  assert.match(await visit.stage("file"), /oauth_client_secret_file/);

  await clear.check();
  await looksRight(visit, page, "de");
  await apply.click();
  assert.match(await changed.textContent(), /oauth_client_secret_file/);
  assert.ok((await changed.textContent()).includes(visit.t("preview-unset")));
  await page.getByRole("button", { name: visit.t("settings-cancel") }).click();
  assert.equal(await clear.isChecked(), true, "what was chosen is still there");
  assert.match(await visit.stage("file"), /oauth_client_secret_file/);
  await apply.click();
  await changed.waitFor();
  await apply.click();
  await done.waitFor();
  assert.doesNotMatch(await visit.stage("file"), /oauth_client_secret_file/);
  assert.equal(await clear.count(), 0);
  assert.match(await visit.stage("audit"), /oauth_client_secret_file"[^\n]*"after":null/);
}

/** A file that comes from elsewhere is shown and not changed, neither by a form that somebody forges. */
export async function a_managed_file_is_only_shown(visit) {
  visit.guard.permit(403);
  const page = await visit.signedIn();
  const before = await visit.stage("file");
  await page.goto(SETTINGS);
  await page.getByText(visit.t("read-only-managed")).waitFor();
  assert.equal(await page.getByLabel(visit.t("set-starface-url"), { exact: true }).isDisabled(), true);
  assert.equal(await page.getByRole("button", { name: visit.t("settings-save") }).count(), 0);
  await looksRight(visit, page, "de");

  const form = await page.locator("form[action$='/settings']").evaluate((form) => {
    for (const fieldset of form.querySelectorAll("fieldset")) fieldset.disabled = false;
    return Object.fromEntries(new FormData(form));
  });
  const forged = await page.request.post(SETTINGS, { form: { ...form, "sync.poll_interval": "9s", do: "save" } });
  assert.equal(forged.status(), 403);
  await page.goto("/i/main/licence");
  await page.getByText(visit.t("licence-read-only")).waitFor();
  assert.equal(await page.getByRole("button", { name: visit.t("licence-save") }).count(), 0);
  assert.equal(await visit.stage("file"), before);
}
