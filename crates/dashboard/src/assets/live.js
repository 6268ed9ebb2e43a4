// Brings a page up to date while it is open. Without it everything can be read, and reloaded by hand.
"use strict";
(() => {
  const KEPT = 5000, APART = 1000;
  const log = document.getElementById("log");
  const follows = log ? "?run=" + encodeURIComponent(log.dataset.run) : "";
  let asked = false, fresh = 0;

  const isTyping = (part) => part.contains(document.activeElement) && document.activeElement.matches("input, textarea");

  async function refresh() {
    asked = false;
    fresh = Date.now();
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll(".live[id]")) {
      const next = page.getElementById(part.id);
      if (!next || isTyping(part) || next.innerHTML === part.dataset.last) continue;
      part.dataset.last = next.innerHTML;
      const open = [...part.querySelectorAll("details")].map((one) => one.open);
      part.replaceChildren(...next.childNodes);
      part.querySelectorAll("details").forEach((one, place) => { if (open[place]) one.open = true; });
    }
  }

  function soon() {
    if (asked) return;
    asked = true;
    setTimeout(() => refresh().catch(() => {}), Math.max(0, fresh + APART - Date.now()));
  }

  function add({ whole, lines }) {
    const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    if (whole) log.replaceChildren();
    for (const [kind, text] of lines) {
      const line = document.createElement("span");
      line.className = kind;
      line.textContent = text;
      log.append(line, "\n");
    }
    while (log.childNodes.length > 2 * KEPT) log.firstChild.remove();
    if (isAtEnd || whole) log.scrollTop = log.scrollHeight;
  }

  if (!log && !document.querySelector(".live")) return;
  const stream = new EventSource("/api/v1/events" + follows);
  stream.addEventListener("change", soon);
  stream.addEventListener("open", soon);
  if (log) stream.addEventListener("log", (event) => add(JSON.parse(event.data)));
  addEventListener("pagehide", () => stream.close());
})();
