// Turns one element into another by touching only what differs, so that scroll, focus, typed text
// and opened <details> stay. Children with an id are matched by it, the others by kind and order.
"use strict";
(() => {
  const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName;

  // Whether a <details> is open is up to the person who looks at it.
  const theirs = (element, name) => name === "open" && element.localName === "details";

  function attributes(from, to) {
    for (const { name } of [...from.attributes]) {
      if (!to.hasAttribute(name) && !theirs(from, name)) from.removeAttribute(name);
    }
    for (const { name, value } of to.attributes) {
      if (from.getAttribute(name) !== value && !theirs(from, name)) from.setAttribute(name, value);
    }
  }

  // The child of `from` that `next` continues: never one that another new child continues by id.
  function partner(next, at, keyed) {
    if (next.id) {
      const found = keyed.get(next.id);
      return found && alike(found, next) ? found : null;
    }
    let found = at;
    while (found && (found.id || !alike(found, next))) found = found.nextSibling;
    return found;
  }

  function children(from, to) {
    const wanted = new Set([...to.children].map((child) => child.id).filter(Boolean));
    // What is gone goes first: then what stays need not be moved, and a moved element loses focus.
    for (const child of [...from.children]) {
      if (child.id && !wanted.has(child.id)) child.remove();
    }
    const keyed = new Map([...from.children].filter((child) => child.id).map((child) => [child.id, child]));
    let at = from.firstChild;
    for (const next of [...to.childNodes]) {
      const match = partner(next, at, keyed);
      if (!match) {
        from.insertBefore(next, at);
        continue;
      }
      if (match !== at) from.insertBefore(match, at);
      morph(match, next);
      at = match.nextSibling;
    }
    while (at) {
      const rest = at.nextSibling;
      at.remove();
      at = rest;
    }
  }

  function morph(from, to) {
    if (from.nodeType !== Node.ELEMENT_NODE) {
      if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
      return;
    }
    if (from.isEqualNode(to)) return;
    attributes(from, to);
    children(from, to);
  }

  globalThis.muster = { morph };
})();
