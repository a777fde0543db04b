// Forms that nobody of ours sent, and sessions that are over.

import assert from "node:assert/strict";

const PAUSE = "/i/main/order/pause";
const EVIL = "http://evil.example";

export async function a_form_needs_the_token_of_its_session(visit, given) {
  const [page, other] = [await visit.signedIn(), await visit.window()];
  await page.goto("/i/main/overview");
  await other.goto("/sign-in");
  await other.getByLabel(visit.t("sign-in-password")).fill(given.password);
  await other.getByRole("button", { name: visit.t("sign-in-go") }).click();
  await other.waitForURL("**/i/main/overview");
  const [token, foreign] = [await tokenOf(page), await tokenOf(other)];
  assert.notEqual(token, foreign);

  const post = (form, headers) => page.request.post(PAUSE, { form: { seconds: "", ...form }, headers, maxRedirects: 0 });
  const refused = [
    await post({}),
    await post({ csrf: "" }),
    await post({ csrf: foreign }),
    await post({ csrf: token.slice(0, -1) }),
    await post({ csrf: token }, { "sec-fetch-site": "cross-site" }),
    await post({ csrf: token }, { "sec-fetch-site": "same-site" }),
  ];
  assert.deepEqual(refused.map((answer) => answer.status()), refused.map(() => 403));
  assert.equal(await visit.stage("mode"), "running");
  assert.equal((await post({ csrf: token }, { "sec-fetch-site": "same-origin" })).status(), 303);
  assert.equal(await visit.stage("mode"), "paused");
}

/** A page of somebody else's that sends a form of ours, in the browser of somebody who is signed in. */
export async function another_site_cannot_send_a_form(visit) {
  visit.guard.permit(403);
  visit.guard.permitSite(EVIL);
  const page = await visit.signedIn();
  await page.goto("/i/main/overview");
  const action = new URL(PAUSE, page.url()).href;
  const body = `<form method="post" action="${action}"><input name="csrf" value="${await tokenOf(page)}"><button>Win</button></form>`;
  await page.route(`${EVIL}/**`, (route) => route.fulfill({ contentType: "text/html", body }));
  await page.goto(`${EVIL}/`);
  const answer = page.waitForResponse(action);
  await page.getByRole("button").click();
  assert.equal((await answer).status(), 403);
  await page.getByText(visit.t("error-other-site")).waitFor();
  assert.equal(await visit.stage("mode"), "running");
}

export async function a_session_ends_when_somebody_signs_out(visit) {
  const page = await visit.signedIn();
  await page.goto("/i/main/overview");
  const token = await tokenOf(page);
  const cookies = await page.context().cookies();
  const session = cookies.find((cookie) => cookie.name === `presence-sync-session-${new URL(page.url()).port}`);
  assert.deepEqual([session.httpOnly, session.sameSite, session.path], [true, "Strict", "/"]);
  assert.equal(await page.evaluate(() => document.cookie), "");

  // What is sent by and by to another window of the session ends with it.
  const other = await page.context().newPage();
  await other.goto("/i/main/overview");
  const ended = other.evaluate(streamEnds);
  await page.getByRole("button", { name: visit.t("sign-out") }).click();
  await page.waitForURL("**/sign-in");
  assert.equal(await ended, "closed");
  await other.close();
  assert.deepEqual(await page.context().cookies(), []);
  // Whoever kept the cookie has nothing.
  await page.context().addCookies(cookies);
  await page.goto("/i/main/people");
  assert.equal(new URL(page.url()).pathname, "/sign-in");
  const posted = await page.request.post(PAUSE, { form: { csrf: token, seconds: "" }, maxRedirects: 0 });
  assert.deepEqual([posted.status(), posted.headers().location], [303, "/sign-in"]);
  assert.equal((await page.request.get("/i/main/overview/live", { maxRedirects: 0 })).status(), 303);
  assert.equal(await visit.stage("mode"), "running");
}

async function tokenOf(page) {
  return page.locator("input[name=csrf]").first().inputValue();
}

/** Opens a stream, and tells how it ends: for a browser that may not ask again it is closed for good. */
async function streamEnds() {
  const answer = await fetch("/i/main/overview/live");
  const reader = answer.body.getReader();
  const giveUp = new Promise((resolve) => { setTimeout(resolve, 20_000, "still open"); });
  const read = async () => {
    while (!(await reader.read()).done);
    return "closed";
  };
  return Promise.race([read(), giveUp]);
}
