// What is live, and what spares a click. Without this script everything works but for the live parts.
"use strict";

// Countdowns.
const countDown = (root) => {
  for (const clock of root.querySelectorAll("[data-countdown]")) {
    let left = Number(clock.dataset.countdown);
    const show = () => {
      if (!clock.isConnected) return;
      const seconds = String(left % 60).padStart(2, "0");
      clock.textContent = `${Math.floor(left / 60)}:${seconds}`;
      if (left > 0) { left -= 1; setTimeout(show, 1000); }
    };
    show();
  }
};
countDown(document);

// Where an element is within a part, and what is there now that the part was sent again.
const placeOf = (part, element) => {
  const steps = [];
  for (let at = element; at !== part; at = at.parentElement) steps.unshift([...at.parentElement.children].indexOf(at));
  return steps;
};
const at = (part, steps) => steps.reduce((element, step) => element?.children[step], part);

// Parts that the server sends again whenever they change. What is open stays open, and the focus stays where it is. Only while
// somebody looks at them: a browser has six connections to a server, and with as many pages open in the background no other one
// could be loaded any more.
for (const part of document.querySelectorAll("[data-live]")) {
  let source = null;
  let seen = "";
  const close = () => { source?.close(); source = null; };
  const listen = () => {
    if (source || document.hidden) return;
    const address = new URL(part.dataset.live, window.location.href);
    if (seen) address.searchParams.set("after", seen);
    source = new EventSource(address);
    source.addEventListener("part", (event) => {
      const focused = part.contains(document.activeElement) ? placeOf(part, document.activeElement) : null;
      const open = [...part.querySelectorAll("details[open]")].map((details) => placeOf(part, details));
      part.innerHTML = event.data;
      for (const details of open.map((steps) => at(part, steps))) if (details?.matches("details")) details.open = true;
      countDown(part);
      if (focused) at(part, focused)?.focus({ preventScroll: true });
    });
    source.addEventListener("line", (event) => {
      seen = event.lastEventId;
      const empty = part.querySelector("[data-empty]");
      if (empty) empty.remove();
      const atEnd = window.innerHeight + window.scrollY >= document.body.scrollHeight - 40;
      part.insertAdjacentHTML("beforeend", event.data);
      while (part.children.length > 1000) part.firstElementChild.remove();
      if (atEnd) window.scrollTo(0, document.body.scrollHeight);
    });
    source.addEventListener("reload", () => { close(); window.location.reload(); });
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : listen()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", listen);
  listen();
}

// Whatever is asked about before it is done.
for (const button of document.querySelectorAll("[data-ask]")) {
  button.addEventListener("click", (event) => {
    if (!window.confirm(button.dataset.ask)) event.preventDefault();
  });
}

// Choices that show others.
const follow = () => {
  for (const part of document.querySelectorAll("[data-when]")) {
    const [name, values] = part.dataset.when.split("=");
    const field = document.querySelector(`[name="${CSS.escape(name)}"]:checked, select[name="${CSS.escape(name)}"]`);
    part.hidden = !values.split(",").includes(field ? field.value : "");
  }
};
document.addEventListener("change", follow);
follow();

// A filter is applied by choosing it.
for (const field of document.querySelectorAll("[data-submit]")) {
  field.addEventListener("change", () => field.form.requestSubmit());
}
