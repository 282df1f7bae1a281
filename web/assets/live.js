// Keeps the block #live current: the stream in data-events says when, data-fragment says from where.
// Without this script the page is complete and simply stands still.
"use strict";
(() => {
  const block = () => document.getElementById("live");
  const badge = document.querySelector("[data-live-badge]");
  if (!block()?.dataset.fragment) return;

  const LEAST = 500; // ms between two fetches, so that a burst of events becomes one
  const QUIET = 15000; // ms after which it is fetched without an event: elapsed time goes on
  const WORDS = {
    live: ["good", "live"],
    again: ["warn", "reconnecting"],
    paused: ["quiet", "paused"],
    out: ["bad", "signed out: reload to sign in"],
    over: ["quiet", "finished"],
  };

  let stream = null;
  let timer = 0;
  let due = Infinity;
  let busy = false;
  let wanted = false;
  let failures = 0;
  let ended = false;

  function say(state) {
    const [tone, words] = WORDS[state];
    if (badge.textContent === words) return;
    badge.className = `live-badge ${tone}`;
    badge.textContent = words;
    badge.hidden = false;
  }

  // An earlier fetch is never put off, or a stream that never rests would starve the page.
  function later(ms) {
    const at = performance.now() + ms;
    if (at >= due) return;
    clearTimeout(timer);
    due = at;
    timer = setTimeout(refresh, ms);
  }

  function put(html) {
    const next = new DOMParser().parseFromString(html, "text/html").getElementById("live");
    if (!next) throw new Error("the answer holds no live block");
    const held = document.activeElement;
    globalThis.muster.morph(block(), next);
    // A form that somebody else answered is gone; the keyboard goes on from the page's content.
    if (held && held !== document.body && !held.isConnected) {
      document.getElementById("main").focus({ preventScroll: true });
    }
    if (block().dataset.title) document.title = block().dataset.title;
  }

  async function refresh() {
    if (document.hidden) return;
    if (busy) {
      wanted = true;
      return;
    }
    clearTimeout(timer);
    due = Infinity;
    busy = true;
    try {
      const answer = await fetch(block().dataset.fragment, { redirect: "manual", cache: "no-store" });
      if (answer.type === "opaqueredirect" || answer.status === 401) return stop("out");
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      put(await answer.text());
      failures = 0;
      if (ended) return stop("over");
      if (!stream || stream.readyState === EventSource.OPEN) say("live");
      later(wanted ? LEAST : QUIET);
    } catch {
      failures += 1;
      say("again");
      later(Math.min(30000, 1000 * 2 ** failures));
    } finally {
      busy = false;
      wanted = false;
    }
  }

  function changed() {
    if (busy) wanted = true;
    else later(LEAST);
  }

  function close() {
    stream?.close();
    stream = null;
    clearTimeout(timer);
    due = Infinity;
  }

  function stop(state) {
    close();
    ended = true;
    say(state);
  }

  function open() {
    const { events } = block().dataset;
    if (!events) return later(QUIET);
    stream = new EventSource(events);
    stream.addEventListener("open", () => say("live"));
    stream.addEventListener("change", changed);
    stream.addEventListener("end", () => {
      ended = true;
      refresh();
    });
    stream.addEventListener("error", () => {
      say("again");
      // The browser comes back by itself unless the answer was an error; then the fetch finds out.
      if (stream?.readyState !== EventSource.CLOSED) return;
      close();
      later(1000);
      setTimeout(() => ended || stream || document.hidden || open(), 10000);
    });
    later(QUIET);
  }

  // Browsers allow few connections per server: a tab that nobody sees must not hold one.
  document.addEventListener("visibilitychange", () => {
    if (ended) return;
    close();
    if (document.hidden) return say("paused");
    open();
    refresh();
  });
  addEventListener("pagehide", close);

  if (!document.hidden) open();
})();
