// Small comforts. Every form works without them.
"use strict";
(() => {
  // The theme changes at once; the server is told, so that the next page comes in the right colours.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-theme-switch]")) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form, event.submitter));
    document.documentElement.dataset.theme = event.submitter.value;
    for (const button of form.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button === event.submitter));
    }
    fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => {});
  });

  // A name that is typed to confirm must be that name. The server checks it again.
  document.addEventListener("input", (event) => {
    const { expect } = event.target.dataset ?? {};
    if (expect === undefined) return;
    event.target.setCustomValidity(event.target.value.trim() === expect ? "" : `Type ${expect} to confirm.`);
  });

  // One press sends a form once, however nervous the finger.
  const sent = new WeakSet();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (sent.has(form)) return event.preventDefault();
    sent.add(form);
    setTimeout(() => sent.delete(form), 5000);
  });

  // "/" goes to the page's search field.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select")) return;
    const field = document.querySelector("[data-search]");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  });

  // The viewer's own time stands beside the UTC one.
  const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  document.addEventListener("pointerover", (event) => {
    const time = event.target.closest?.("time[datetime]");
    if (!time || time.title.includes(" = ")) return;
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) time.title += ` = ${local.format(at)} here`;
  });
})();
