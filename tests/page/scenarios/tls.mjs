// The page over TLS.

import assert from "node:assert/strict";

import { looksRight } from "../lib/looks.mjs";

/** Signing in, what is live, a form and signing out, with a cookie that only this host can set. */
export async function the_page_works_over_tls(visit, { origin, password }) {
  assert.match(origin, /^https:/);
  const page = await visit.window();
  const link = await visit.stage("setup-link");
  assert.ok(link.startsWith(`${origin}/setup/`), "the link leads to where the daemon listens");
  await page.goto(link);
  await page.getByLabel(visit.t("welcome-password")).fill(password);
  await page.getByLabel(visit.t("welcome-again")).fill(password);
  await page.getByRole("button", { name: visit.t("welcome-go") }).click();
  await page.waitForURL("**/i/main/overview");
  const name = `__Host-presence-sync-session-${new URL(origin).port}`;
  const session = (await page.context().cookies()).find((cookie) => cookie.name === name);
  assert.deepEqual([session.secure, session.httpOnly, session.sameSite, session.path], [true, true, "Strict", "/"]);
  await page.locator("[data-live$=live]").evaluate((part) => new Promise((resolve) => {
    new MutationObserver(resolve).observe(part, { childList: true });
  }));
  await looksRight(visit, page, "de");
  await page.getByRole("button", { name: visit.t("orders-pause") }).click();
  await page.getByRole("status").filter({ hasText: visit.t("done-paused") }).waitFor();
  assert.equal(await visit.stage("mode"), "paused");
  await page.getByRole("button", { name: visit.t("sign-out") }).click();
  await page.waitForURL("**/sign-in");
  assert.deepEqual(await page.context().cookies(), []);
}
