// What the console's pages do beyond reading: live parts, keys, sending answers until they have arrived, copying.
"use strict";

// Brings an element to what another one is, keeping the nodes that stay: selection, focus and scrolling survive.
function morph(from, to) {
  for (const { name } of [...from.attributes]) if (!to.hasAttribute(name)) from.removeAttribute(name);
  for (const { name, value } of [...to.attributes]) if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  const byKey = new Map();
  for (const child of from.children) if (child.dataset.key) byKey.set(child.dataset.key, child);
  let at = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const key = wanted.nodeType === Node.ELEMENT_NODE && wanted.dataset.key;
    let node = key ? byKey.get(key) : at;
    const alike = node && node.nodeType === wanted.nodeType && node.nodeName === wanted.nodeName
      && (key || !(node.dataset && node.dataset.key));
    if (!alike) {
      from.insertBefore(wanted.cloneNode(true), at);
      continue;
    }
    if (node !== at) from.insertBefore(node, at); else at = at.nextSibling;
    if (node.nodeType === Node.TEXT_NODE) {
      if (node.nodeValue !== wanted.nodeValue) node.nodeValue = wanted.nodeValue;
    } else morph(node, wanted);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function live(root) {
  const waiting = new Map();
  const held = root.querySelector("[data-held]");
  const pulse = root.querySelector("[data-pulse]");
  const isInUse = (part) => {
    const selection = document.getSelection();
    return part.matches(":hover") || part.contains(document.activeElement)
      || (selection && !selection.isCollapsed && part.contains(selection.anchorNode));
  };
  const show = (name, html) => {
    const part = root.querySelector(`[data-part="${name}"]`);
    if (!part) return;
    if (part.hasAttribute("data-hold") && isInUse(part)) {
      waiting.set(name, html);
      held.hidden = false;
      return;
    }
    waiting.delete(name);
    const wanted = part.cloneNode(false);
    wanted.innerHTML = html;
    morph(part, wanted);
    if (!waiting.size) held.hidden = true;
  };
  held.querySelector("button").addEventListener("click", () => {
    held.querySelector("button").blur();
    for (const [name, html] of [...waiting]) {
      const part = root.querySelector(`[data-part="${name}"]`);
      const wanted = part.cloneNode(false);
      wanted.innerHTML = html;
      morph(part, wanted);
    }
    waiting.clear();
    held.hidden = true;
  });
  const source = new EventSource(root.dataset.live);
  source.onmessage = (message) => {
    pulse.classList.add("on");
    for (const [name, html] of Object.entries(JSON.parse(message.data))) show(name, html);
    setTimeout(() => pulse.classList.remove("on"), 500);
  };
}

// A page of something that takes a while: fetched again until it is done, without losing the place.
async function refresh(main) {
  while (main.dataset.refreshS) {
    await new Promise((done) => setTimeout(done, main.dataset.refreshS * 1000));
    try {
      const answer = await fetch(location.href);
      const wanted = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.title = wanted.title;
      morph(main, wanted.querySelector("main"));
    } catch { /* The console is away: the next look finds it again. */ }
  }
}

// Sends an answer until it has arrived. Its id was chosen by the page: sent twice, it counts once.
async function deliver(form, fields) {
  // Not `form.action`: a field of that name hides it.
  const sending = form.querySelector("[data-sending]");
  for (let wait = 300; ; wait = Math.min(wait * 2, 5000)) {
    try {
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body: fields, redirect: "follow" });
      if (answer.status < 500) {
        if (answer.ok) location.assign(answer.url);
        else document.documentElement.innerHTML = await answer.text();
        return;
      }
    } catch { /* The console is away: it is started again, or the network is back, and the answer is sent again. */ }
    if (sending) sending.hidden = false;
    await new Promise((done) => setTimeout(done, wait));
  }
}

function answering(form) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (sent) return;
    sent = true;
    const fields = new URLSearchParams(new FormData(form));
    if (event.submitter && event.submitter.name) fields.set(event.submitter.name, event.submitter.value);
    deliver(form, fields);
  });
}

function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  const answer = document.querySelector("[data-answer]");
  const button = answer && answer.querySelector(`button[data-key="${CSS.escape(event.key)}"]`);
  const category = answer && answer.querySelector(`option[data-number="${CSS.escape(event.key)}"]`);
  const undo = document.querySelector("[data-undo]");
  const rows = [...document.querySelectorAll("[data-rows] tbody tr")].filter((row) => row.querySelector("a"));
  if (button) button.click();
  else if (category) {
    answer.querySelector("[data-category]").value = category.value;
    answer.querySelector('button[data-key="b"]').click();
  } else if (event.key === "z" && undo) undo.requestSubmit();
  else if (event.key === "/") (document.querySelector("[data-search]") || { focus: () => location.assign("/sessions") }).focus();
  else if ((event.key === "j" || event.key === "k") && rows.length) {
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)))];
    next.querySelector("a").focus();
  } else return;
  event.preventDefault();
}

document.querySelectorAll("[data-live]").forEach(live);
document.querySelectorAll("[data-refresh-s]").forEach(refresh);
document.querySelectorAll("[data-answer], [data-undo]").forEach(answering);
document.querySelectorAll("[data-copy]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  });
});
document.addEventListener("keydown", keys);
