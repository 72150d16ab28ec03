// What makes the console quick for those who have scripts: one-key steps, parts loaded in place. Without it every link and form works as it is.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const help = $("#keys");

  // --- Keys ---------------------------------------------------------------------------------------------------------
  const rows = () => all("[data-row]");
  const step = (by) => {
    const list = rows();
    if (!list.length) return false;
    const at = list.indexOf(document.activeElement);
    const next = list[Math.max(0, Math.min(list.length - 1, at === -1 ? (by > 0 ? 0 : list.length - 1) : at + by))];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  };
  const pick = () => {
    const box = document.activeElement.closest("tr")?.querySelector("input[name=case]");
    if (box) box.click();
    return Boolean(box);
  };
  const press = (selector) => {
    const target = $(selector);
    if (!target) return false;
    const fold = target.closest("details");
    if (fold) fold.open = true;
    if (target.matches("input, textarea, select")) target.focus();
    else target.click();
    return true;
  };
  const keys = {
    j: () => step(1),
    k: () => step(-1),
    x: () => pick(),
    n: () => press("[data-key=next]"),
    q: () => press("[data-key=queue]"),
    c: () => press("[data-key=claim]"),
    d: () => press("[data-key=decide]"),
    a: () => press("[data-key=approve]"),
    r: () => press("[data-key=return]"),
    w: () => press("[data-key=note]"),
    "/": () => press("[data-key=search]"),
    "?": () => (help.open ? help.close() : help.showModal(), true),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select");
    if (typing) {
      if (event.key === "Escape") typing.blur();
      return;
    }
    if (help && help.open && event.key !== "?") return;
    const act = Object.hasOwn(keys, event.key) ? keys[event.key] : null;
    if (act && act()) event.preventDefault();
  });
  all("[data-open=keys]").forEach((button) => button.addEventListener("click", () => help.showModal()));

  // --- Parts loaded in place ------------------------------------------------------------------------------------------
  const put = (place, html) => {
    place.innerHTML = html; // from our own server, rendered and escaped there
    place.hidden = false;
    place.setAttribute("tabindex", "-1");
    place.focus({ preventScroll: true });
  };
  const load = async (trigger, url, options) => {
    const place = $(trigger.dataset.into);
    const said = trigger.textContent;
    trigger.setAttribute("aria-busy", "true");
    if (trigger.dataset.busy) trigger.textContent = trigger.dataset.busy;
    try {
      const answer = await fetch(url, { ...options, headers: { "X-Partial": "1" }, credentials: "same-origin" });
      if (answer.headers.get("X-Sign-In")) return void location.assign(answer.headers.get("X-Sign-In"));
      put(place, await answer.text());
    } catch {
      put(place, "<p>The server does not answer. Try again in a few seconds.</p>");
    } finally {
      trigger.removeAttribute("aria-busy");
      trigger.textContent = said;
    }
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-into]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    load(link, link.href, {});
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    if (form.dataset.into) {
      event.preventDefault();
      button.dataset.into = form.dataset.into;
      button.dataset.busy = form.dataset.busy || "";
      load(button, form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    } else if (form.method === "post") {
      if (form.dataset.sent) return event.preventDefault(); // pressed twice
      form.dataset.sent = "1";
      button?.setAttribute("aria-busy", "true");
    }
  });
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));

  // --- What scrolls sideways can be reached by keyboard ------------------------------------------------------------------
  const reach = () => all(".scroll, .zone").forEach((box) => {
    if (box.scrollWidth > box.clientWidth) box.setAttribute("tabindex", "0");
    else if (box.classList.contains("scroll")) box.removeAttribute("tabindex");
  });
  reach();
  window.addEventListener("resize", reach);
  document.addEventListener("toggle", reach, true);

  // --- Cases that are chosen ------------------------------------------------------------------------------------------------
  const picks = $("form[data-picks]");
  if (picks) {
    const boxes = all("input[name=case]", picks), whole = $("[data-pick-all]", picks), said = $("[data-picked]", picks);
    const count = () => {
      const chosen = boxes.filter((box) => box.checked).length;
      said.textContent = chosen ? ` (${chosen})` : "";
      whole.checked = chosen === boxes.length;
      whole.indeterminate = chosen > 0 && chosen < boxes.length;
    };
    whole.hidden = false;
    picks.addEventListener("change", (event) => {
      if (event.target === whole) boxes.forEach((box) => { box.checked = whole.checked; });
      count();
    });
    window.addEventListener("pageshow", count);
  }

  // --- Filters apply as they are chosen -------------------------------------------------------------------------------
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-live]");
    if (form && event.target.matches("select")) form.requestSubmit();
  });

  // --- A field's row and its box point at each other --------------------------------------------------------------------
  const pair = (element, on) => {
    const name = element.dataset.field;
    const scope = element.closest("[data-fields]");
    all("[data-field]", scope).filter((other) => other.dataset.field === name).forEach((other) => other.classList.toggle("on", on));
  };
  all("[data-field]").forEach((element) => {
    element.addEventListener("pointerenter", () => pair(element, true));
    element.addEventListener("pointerleave", () => pair(element, false));
  });
})();
