// The door: the one-time link, the password, and whoever guesses.

import assert from "node:assert/strict";

const GOOD = "Pferd Batterie Heftklammer";

/** Chooses a password with a link, after two that will not do. */
export async function a_link_serves_once(visit, { link }) {
  visit.guard.permit(401, 410, 422);
  const page = await visit.window();
  await page.goto(link);
  const [password, again] = [page.getByLabel(visit.t("welcome-password")), page.getByLabel(visit.t("welcome-again"))];
  const save = page.getByRole("button", { name: visit.t("welcome-go") });
  const choose = async (one, other) => {
    await password.fill("");
    await password.pressSequentially(one);
    await again.fill("");
    await again.pressSequentially(other);
    await save.click();
  };

  // The browser says it first, and whoever gets past the browser is told by the server.
  await choose("elf Zeichen", "elf Zeichen");
  assert.equal(await password.evaluate((field) => field.validity.tooShort), true);
  await page.locator("form[action^='/setup/']").evaluate((form) => { form.noValidate = true; });
  await save.click();
  await page.getByRole("alert").filter({ hasText: visit.t("welcome-short") }).waitFor();
  await choose(GOOD, `${GOOD}!`);
  await page.getByRole("alert").filter({ hasText: visit.t("welcome-differ") }).waitFor();

  await choose(GOOD, GOOD);
  await page.waitForURL("**/i/main/overview");

  const other = await visit.window();
  assert.equal((await other.goto(link)).status(), 410);
  await other.getByText(visit.t("error-link-is-used")).waitFor();
  const posted = await other.request.post(link, { form: { password: "etwas ganz anderes", again: "etwas ganz anderes" } });
  assert.equal(posted.status(), 410);

  await other.goto("/i/main/people");
  await signIn(visit, other, "etwas ganz anderes");
  await other.getByRole("alert").filter({ hasText: visit.t("sign-in-wrong") }).waitFor();
  await signIn(visit, other, GOOD);
  await other.waitForURL("**/i/main/people");
}

/** Ten wrong passwords, then the right one, then a new link. */
export async function guessing_has_to_wait(visit, given) {
  visit.guard.permit(401, 429);
  await visit.signedIn();
  const page = await visit.window();
  await page.goto("/sign-in");
  const statuses = [];
  for (let attempt = 0; attempt < 11; attempt += 1) {
    const answer = page.waitForResponse((response) => response.request().method() === "POST");
    await signIn(visit, page, attempt < 10 ? `falsch ${attempt}` : given.password);
    const status = (await answer).status();
    statuses.push(status);
    if (status !== 429) continue;
    const wait = Number((await answer).headers()["retry-after"]);
    assert.ok(wait > 0 && wait <= 30, `Retry-After: ${wait}`);
    await page.getByRole("alert").filter({ hasText: /Zu viele falsche Passwörter/ }).waitFor();
  }
  assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429, 429, 429, 429, 429]);

  await page.goto(await visit.stage("setup-link"));
  await page.getByLabel(visit.t("welcome-password")).fill(GOOD);
  await page.getByLabel(visit.t("welcome-again")).fill(GOOD);
  await page.getByRole("button", { name: visit.t("welcome-go") }).click();
  await page.waitForURL("**/i/main/overview");
  const other = await visit.window();
  await other.goto("/");
  await signIn(visit, other, GOOD);
  await other.waitForURL("**/i/main/overview");
}

async function signIn(visit, page, password) {
  await page.getByLabel(visit.t("sign-in-password")).fill(password);
  await page.getByRole("button", { name: visit.t("sign-in-go") }).click();
}
