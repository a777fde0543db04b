// The set-up: from an empty configuration to a running synchronisation, entirely in the browser and in German.

import assert from "node:assert/strict";

import { looksRight } from "../lib/looks.mjs";

/** The app signs in by its secret; on the way, what goes wrong is told. */
export async function from_nothing_to_a_running_synchronisation(visit, given) {
  visit.guard.permit(422);
  const guide = await Guide.begin(visit, given);
  guide.looks = true;
  const { page } = guide;

  await guide.at("pbx");
  await guide.fill({ "starface-url": "pbx ohne Adresse", "starface-login": given.login, "starface-password_file": given.pbxPassword });
  await guide.next();
  await page.locator("[aria-invalid=true]").waitFor();
  await guide.fill({ "starface-url": given.nowhere, "starface-password_file": given.pbxPassword });
  await guide.next();
  await page.getByRole("alert").filter({ hasText: /Die Telefonanlage ließ sich so nicht erreichen/ }).waitFor();
  await page.getByRole("button", { name: visit.t("guide-anyway") }).waitFor();
  await guide.fillPbx();
  await guide.next();

  await guide.at("mode");
  await guide.field("mode").selectOption({ label: visit.t("set-mode-presence-sync") });
  await guide.next();

  await guide.at("licence");
  const key = page.getByLabel(visit.t("licence-key"), { exact: true });
  await key.fill("keine Lizenz");
  await guide.next();
  await page.getByRole("alert").filter({ hasText: visit.t("licence-refused-not-a-licence") }).waitFor();
  await key.fill(given.smallLicence);
  await guide.next();

  await guide.at("azure");
  await guide.fillTenant();
  await guide.field("teams-auth").selectOption({ label: visit.t("set-teams-auth-client-secret") });
  await guide.fill({ "teams-client_secret_file": given.clientSecret });
  await guide.next();

  await guide.at("states");
  const away = page.getByRole("group", { name: visit.t("availability-Away"), exact: true });
  await away.getByLabel(visit.t("rules-dnd")).check();
  await guide.next();

  // The licence is too small for the group, and that is said before anything is checked.
  await guide.at("group");
  await guide.chooseGroup();
  await guide.next();
  await page.getByRole("alert").filter({ hasText: visit.t("guide-seats-go-on") }).waitFor();
  await page.getByText(visit.t("guide-seats-few", { members: given.members, seats: given.members - 1 })).waitFor();
  await page.getByRole("link", { name: visit.t("guide-step-licence"), exact: true }).click();
  await guide.at("licence");
  await key.fill(given.licence);
  await guide.next();
  await guide.goTo("group");
  await page.getByText(visit.t("guide-seats-enough", { members: given.members, seats: given.members })).waitFor();
  await guide.next();

  await guide.at("policy");
  await guide.field("sync-policy").selectOption({ label: visit.t("set-sync-policy-own-only") });
  await guide.fill({ "sync-breaker-share": "1" });
  await guide.next();

  await guide.check();
  assert.deepEqual(await visit.stage("written"), { enabled: false, secrets: false, writes: 0 });
  await guide.activate(`Das würde jetzt ${given.due} Personen ändern.`);
  assert.equal(await visit.stage("in-line"), true);
  const file = await visit.stage("file");
  assert.match(file, /policy = "own-only"/);
  assert.match(file, /"Away"/);
  assert.deepEqual(await visit.stage("secret-files"), []);
  await page.getByText(visit.t("says-good")).waitFor();
}

/** Somebody signs in by device code in the middle of the set-up. */
export async function the_guide_waits_for_a_device_code(visit, given) {
  const guide = await Guide.begin(visit, given);
  const { page } = guide;
  await guide.toAzure();
  await guide.fillTenant();
  await guide.field("teams-auth").selectOption({ label: visit.t("set-teams-auth-device-code") });
  assert.equal(await guide.field("teams-client_secret_file").isVisible(), false);
  await page.getByRole("button", { name: visit.t("azure-go") }).click();
  const code = await page.locator(".code").textContent();
  await looksRight(visit, page, "de");
  await visit.stage("enter-code", { code, agrees: true });
  await page.getByRole("status").filter({ hasText: visit.t("azure-done-as", { word: "reader@example.com" }) }).waitFor();
  await guide.next();

  await guide.toTheEnd();
  assert.equal(await visit.stage("in-line"), true);
}

/** Somebody comes as far as Azure, and then the daemon is started anew. */
export async function three_steps_are_taken(visit, given) {
  const guide = await Guide.begin(visit, given);
  await guide.toAzure();
}

/** The same after it was: the set-up goes on, the secrets are there, and nothing of them comes back to the browser. */
export async function the_steps_go_on_after_a_restart(visit, given) {
  const guide = await Guide.begin(visit, given);
  const { page } = guide;
  await guide.at("azure");
  await guide.goTo("pbx");
  assert.equal(await guide.field("starface-url").inputValue(), given.pbx);
  assert.equal(await guide.field("starface-password_file").inputValue(), "");
  assert.equal((await page.content()).includes(given.pbxPassword), false);
  await guide.next();
  await guide.at("mode");
  await guide.goTo("azure");
  await guide.fillTenant();
  await guide.field("teams-auth").selectOption({ label: visit.t("set-teams-auth-client-secret") });
  await guide.fill({ "teams-client_secret_file": given.clientSecret });
  await guide.next();
  await guide.toTheEnd();
  assert.equal(await visit.stage("in-line"), true);
}

/** Somebody who follows the steps. */
class Guide {
  /** Whether each step is looked at, too. */
  looks = false;

  constructor(visit, given, page) {
    Object.assign(this, { visit, given, page });
  }

  /** By the one-time link, which ends in the first step where nothing is set up. */
  static async begin(visit, given) {
    const page = await visit.window();
    await page.goto(given.link);
    await page.getByLabel(visit.t("welcome-password")).fill(given.password);
    await page.getByLabel(visit.t("welcome-again")).fill(given.password);
    await page.getByRole("button", { name: visit.t("welcome-go") }).click();
    return new Guide(visit, given, page);
  }

  async at(step) {
    await this.page.waitForURL(`**/guide/${step}`);
    await this.page.getByText(this.visit.t(`guide-explain-${step}`)).waitFor();
    const current = this.page.locator("[aria-current=step]");
    assert.equal(await current.textContent(), this.visit.t(`guide-step-${step}`));
    if (this.looks) await looksRight(this.visit, this.page, "de");
  }

  field(name) {
    const label = this.visit.t(`set-${name}`);
    return this.page.getByLabel(label, { exact: true }).and(this.page.locator("input, select, textarea"));
  }

  async fill(values) {
    for (const [name, value] of Object.entries(values)) await this.field(name).fill(value);
  }

  async next() {
    await this.page.getByRole("button", { name: this.visit.t("guide-next"), exact: true }).click();
  }

  async back() {
    await this.page.getByRole("link", { name: this.visit.t("guide-back") }).click();
  }

  /** By the list of the steps, in which those that are done are links. */
  async goTo(step) {
    await this.page.getByRole("link", { name: this.visit.t(`guide-step-${step}`), exact: true }).click();
    await this.at(step);
  }

  async fillPbx() {
    const { pbx, login, pbxPassword, module, moduleSecret } = this.given;
    await this.fill({
      "starface-url": pbx,
      "starface-login": login,
      "starface-password_file": pbxPassword,
      "starface-chat-module": module,
      "starface-chat-shared_secret_file": moduleSecret,
    });
  }

  async fillTenant() {
    const { tenant, tenantId, clientId } = this.given;
    assert.equal(await this.field("teams-login_url").isVisible(), false);
    await this.field("teams-cloud").selectOption({ label: this.visit.t("set-teams-cloud-custom") });
    await this.fill({
      "teams-login_url": tenant,
      "teams-graph_url": tenant,
      "teams-tenant_id": tenantId,
      "teams-client_id": clientId,
    });
  }

  /** The first three steps. */
  async toAzure() {
    await this.at("pbx");
    await this.fillPbx();
    await this.next();
    await this.at("mode");
    await this.next();
    await this.at("licence");
    await this.page.getByLabel(this.visit.t("licence-key"), { exact: true }).fill(this.given.licence);
    await this.next();
    await this.at("azure");
  }

  /** The steps after Azure, as they are proposed. */
  async toTheEnd() {
    await this.at("states");
    await this.next();
    await this.at("group");
    await this.chooseGroup();
    await this.next();
    await this.at("policy");
    await this.next();
    await this.check();
    await this.activate(`Das würde jetzt ${this.given.due} Personen ändern.`);
  }

  async chooseGroup() {
    const { group, members } = this.given;
    await this.field("starface-group").selectOption({ label: `${group} – ${members} Mitglieder` });
  }

  async check() {
    await this.at("check");
    await this.page.getByRole("button", { name: this.visit.t("guide-check-go") }).click();
    await this.page.getByRole("status").filter({ hasText: this.visit.t("guide-check-good") }).waitFor();
    if (this.looks) await looksRight(this.visit, this.page, "de");
    await this.page.getByRole("link", { name: this.visit.t("guide-next"), exact: true }).click();
  }

  async activate(preview) {
    await this.at("activate");
    await this.page.getByText(preview).waitFor();
    await this.page.getByRole("button", { name: this.visit.t("guide-activate") }).click();
    await this.page.getByRole("status").filter({ hasText: this.visit.t("done-activated") }).waitFor();
    assert.equal(new URL(this.page.url()).pathname, "/i/main/overview");
  }
}
