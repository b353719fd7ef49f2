// Small comforts; every page works without them.
"use strict";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const label = button.querySelector("[data-copy-label]");
  const before = label.textContent;
  try {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    label.textContent = button.dataset.copied;
  } catch {
    label.textContent = button.dataset.failed; // an insecure origin or a denied permission: the text can be selected
  }
  setTimeout(() => { label.textContent = before; }, 2000);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// A filter form answers as soon as a choice changes; its button stays for keyboards and for pages without scripts.
document.addEventListener("change", (event) => {
  if (event.target.matches("form[data-submit-on-change] select")) event.target.form.requestSubmit();
});

// Text is added at the end of a live log. Whoever reads its end keeps seeing the end; whoever scrolled up stays there.
const logsAtEnd = new WeakMap();
const atEnd = (pre) => pre.scrollHeight - pre.scrollTop - pre.clientHeight < 40;

document.addEventListener("htmx:beforeSwap", (event) => {
  const pre = event.target.closest("[data-log]");
  if (pre) logsAtEnd.set(pre, atEnd(pre));
});
document.addEventListener("htmx:afterSettle", () => {
  for (const pre of document.querySelectorAll("[data-log]")) {
    if (logsAtEnd.get(pre)) pre.scrollTop = pre.scrollHeight;
  }
});
for (const pre of document.querySelectorAll("[data-log]")) pre.scrollTop = pre.scrollHeight;
