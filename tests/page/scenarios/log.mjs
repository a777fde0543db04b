// The log: what it shows, live, how much of it, and as files.

import assert from "node:assert/strict";
import fs from "node:fs";

const LOG = "/i/main/log";

/** Lines come by themselves as soon as more is logged, and addresses only where that was asked for. */
export async function lines_come_by_themselves(visit, { address }) {
  const page = await visit.signedIn();
  await page.goto(LOG);
  const lines = page.getByRole("list", { name: visit.t("log-lines") });
  await page.getByLabel(visit.t("log-new-level")).selectOption({ label: visit.t("level-trace") });
  await page.getByRole("button", { name: visit.t("log-change") }).click();
  await page.getByRole("status").filter({ hasText: visit.t("done-level") }).waitFor();
  await page.getByText(/^Bis \d\d\.\d\d\.\d{4} .* danach gilt wieder die Einstellung/).waitFor();
  await page.evaluate(() => { globalThis.notLoadedAgain = true; });
  await visit.stage("a-call");
  await lines.getByRole("listitem").filter({ hasText: address }).first().waitFor();
  assert.equal(await page.evaluate(() => globalThis.notLoadedAgain), true);

  // A browser whose connection broke says what it has, and gets only what follows.
  const before = await lines.evaluate(firstEvent);
  assert.ok(before.lastEventId, "the browser can say what it has");
  await visit.stage("end-of-the-call");
  const after = await lines.evaluate(firstChunk, before.lastEventId);
  const had = before.data.match(/<li.*?<\/li>/g);
  assert.deepEqual(had.filter((line) => after.includes(line)), [], "no line comes twice");
  assert.match(after, /presence=Available\/Available/);
}

/** The first event of a stream of lines. */
function firstEvent(list) {
  return new Promise((resolve) => {
    const source = new EventSource(list.dataset.live);
    source.addEventListener("line", ({ data, lastEventId }) => {
      source.close();
      resolve({ data, lastEventId });
    });
  });
}

/** What such a stream begins with for whoever has lines already. */
async function firstChunk(list, lastEventId) {
  const answer = await fetch(list.dataset.live, { headers: { "Last-Event-ID": lastEventId } });
  const reader = answer.body.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return new TextDecoder().decode(value);
}

/** By level and by words. */
export async function lines_are_found(visit) {
  const page = await visit.signedIn();
  await page.goto(LOG);
  const lines = page.getByRole("list", { name: visit.t("log-lines") }).getByRole("listitem");
  const levels = async () => new Set(await lines.locator(".level").allTextContents());
  await page.getByLabel(visit.t("log-at-least")).selectOption({ label: visit.t("level-warn") });
  await page.waitForURL("**level=warn**");
  assert.deepEqual([...await levels()].filter((level) => !["WARN", "ERROR"].includes(level)), []);
  await page.getByLabel(visit.t("log-search")).fill("one-time link");
  await page.getByRole("button", { name: visit.t("people-go") }).click();
  await page.waitForURL("**q=one-time+link**");
  const found = await lines.allTextContents();
  assert.ok(found.length > 0 && found.every((line) => line.includes("one-time link")), found.join("\n"));
  await page.getByLabel(visit.t("log-search")).fill("<script>nothing</script>");
  await page.getByRole("button", { name: visit.t("people-go") }).click();
  await lines.filter({ hasText: visit.t("log-empty") }).waitFor();
}

/** The recent lines, and what we wrote into the PBX. */
export async function log_and_audit_are_files(visit, { user }) {
  const page = await visit.signedIn();
  await page.goto(LOG);
  const file = async (name) => {
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: visit.t(name) }).click();
    const saved = await download;
    return { name: saved.suggestedFilename(), text: fs.readFileSync(await saved.path(), "utf8") };
  };
  const log = await file("log-download");
  assert.equal(log.name, "presence-sync.log");
  assert.match(log.text, /the page's password was chosen with a one-time link/);
  const audit = await file("log-audit");
  assert.equal(audit.name, "presence-sync-audit.jsonl");
  const records = audit.text.trim().split("\n").map((line) => JSON.parse(line));
  assert.ok(records.some((record) => JSON.stringify(record).includes(String(user))), audit.text);
}
