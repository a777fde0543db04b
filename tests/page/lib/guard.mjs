// What must never happen, whatever a scenario is about: an error in the console (a breach of the content security policy is
// one), a request to another host, an answer without the headers that every answer has.

const FAILED_LOAD = /^Failed to load resource: the server responded with a status of (\d+)/;

const DEMANDED = {
  "x-content-type-options": /^nosniff$/,
  "x-frame-options": /^DENY$/,
  "referrer-policy": /^no-referrer$/,
  "cross-origin-opener-policy": /^same-origin$/,
  "cross-origin-resource-policy": /^same-origin$/,
};

export class Guard {
  /** What was seen, in sentences. */
  faults = [];
  #origin;
  #statuses = new Set();
  #origins;

  constructor(origin) {
    this.#origin = origin;
    this.#origins = new Set([origin]);
  }

  /** Lets pages fail to load with these statuses. */
  permit(...statuses) {
    for (const status of statuses) this.#statuses.add(status);
  }

  /** Lets another site be visited, which has to be simulated. */
  permitSite(origin) {
    this.#origins.add(origin);
  }

  watch(context) {
    context.on("console", (message) => this.#said(message));
    context.on("weberror", (error) => this.faults.push(`an error in the page: ${error.error()}`));
    context.on("request", (request) => this.#asked(request));
    context.on("response", (response) => this.#answered(response));
  }

  judge() {
    if (this.faults.length > 0) throw new Error("something was seen that must never happen");
  }

  #said(message) {
    if (message.type() !== "error" && message.type() !== "warning") return;
    const status = FAILED_LOAD.exec(message.text())?.[1];
    if (status && this.#statuses.has(Number(status))) return;
    this.faults.push(`in the console: ${message.text()} (${message.location().url})`);
  }

  #asked(request) {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== "data:" && !this.#origins.has(origin)) this.faults.push(`a request to ${request.url()}`);
  }

  #answered(response) {
    const url = new URL(response.url());
    if (url.origin !== this.#origin) return;
    const headers = response.headers();
    const missing = Object.entries(DEMANDED).filter(([name, value]) => !value.test(headers[name] ?? ""));
    for (const [name] of missing) this.faults.push(`${url.pathname} has \`${name}: ${headers[name]}\``);
    const policy = headers["content-security-policy"] ?? "";
    const strict = ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"];
    const loose = /unsafe|\*|https?:|data:/.test(policy) || strict.some((part) => !policy.includes(part));
    if (loose) this.faults.push(`${url.pathname} has the policy \`${policy}\``);
    const kept = url.pathname.startsWith("/assets/") ? /immutable/ : /^no-store$/;
    if (!kept.test(headers["cache-control"] ?? "")) {
      this.faults.push(`${url.pathname} has \`cache-control: ${headers["cache-control"]}\``);
    }
  }
}
