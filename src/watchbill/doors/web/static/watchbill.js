// Watchbill's own script: live times, keyboard, palette, staleness. Every page works without it.
"use strict";

(() => {
  const MINUTE = 60;
  const HOUR = 3600;
  const DAY = 86400;

  // 1. Times. `data-relative` reads "5 min ago"; `data-countdown` counts to an instant and changes its word and colour.
  const serverNow = Number(document.documentElement.dataset.now || 0);
  const skew = serverNow ? serverNow - Date.now() : 0;

  function span(seconds) {
    if (seconds < MINUTE) return `${Math.floor(seconds)} s`;
    if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
    if (seconds < 2 * DAY) {
      const minutes = Math.floor((seconds % HOUR) / MINUTE);
      return `${Math.floor(seconds / HOUR)} h${minutes ? ` ${minutes} min` : ""}`;
    }
    return `${Math.floor(seconds / DAY)} days`;
  }

  function relative(seconds) {
    if (Math.abs(seconds) < 5) return "just now";
    return seconds < 0 ? `in ${span(-seconds)}` : `${span(seconds)} ago`;
  }

  function clockFace(seconds) {
    if (seconds >= HOUR) return span(seconds);
    return `${Math.floor(seconds / MINUTE)}:${String(Math.floor(seconds % MINUTE)).padStart(2, "0")}`;
  }

  function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function tick() {
    const now = Date.now() + skew;
    for (const element of document.querySelectorAll("time[data-relative]")) {
      write(element, relative((now - Date.parse(element.dateTime)) / 1000));
    }
    for (const element of document.querySelectorAll("time[data-countdown]")) {
      const left = (Date.parse(element.dateTime) - now) / 1000;
      const soon = Number(element.dataset.soon || 60);
      const chip = element.closest(".clock");
      if (chip) {
        chip.classList.toggle("soon", left >= 0 && left < soon);
        chip.classList.toggle("over", left < -5);
      }
      const due = "due" in element.dataset ? "due " : "";
      if (left >= 0) write(element, `${due}in ${clockFace(left)}`);
      else write(element, left > -5 ? `${due}now` : `overdue ${span(-left)}`);
    }
  }
  // The clock on the wall, in the zone that the page names.
  const wall = document.querySelector("time[data-clock]");
  const wallFormat = wall && new Intl.DateTimeFormat("en-GB", {hour: "2-digit", minute: "2-digit", timeZone: wall.dataset.clock});
  if (wall) setInterval(() => write(wall, wallFormat.format(Date.now() + skew)), 1000);

  setInterval(tick, 1000);
  document.addEventListener("htmx:afterSettle", tick);
  tick();

  // A first choice of time zone is the device's own, where the list has it.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const field of document.querySelectorAll("select[data-own-zone]")) {
    if (field.value === "UTC" && [...field.options].some((option) => option.value === zone)) field.value = zone;
  }

  // 2. Keyboard. Keys count only outside fields; the list is in the page's own dialog.
  const help = document.getElementById("shortcuts");
  const palette = document.getElementById("palette");
  const GO = {n: "/", a: "/alerts", o: "/schedules", s: "/services", p: "/policies", t: "/people", m: "/me"};
  let pendingGo = -Infinity;

  function typing(target) {
    return target.closest("input, select, textarea, [contenteditable]") !== null;
  }

  function openPalette() {
    if (!palette || palette.open) return;
    palette.showModal();
    const field = palette.querySelector("input");
    field.value = "";
    window.htmx.trigger(field, "opened");
  }

  // A button is pressed; a fold is opened, and its own button has the focus: one more key does it.
  function press(found) {
    if (!found) return;
    if (found.tagName !== "DETAILS") { found.click(); return; }
    found.open = true;
    found.querySelector("select, button")?.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const open of document.querySelectorAll("details[data-menu][open]")) open.open = false;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
    if (event.timeStamp - pendingGo < 1200 && GO[event.key]) {
      pendingGo = -Infinity;
      window.location.assign(GO[event.key]);
      return;
    }
    if (event.key === "g") pendingGo = event.timeStamp;
    else if (event.key === "?" && help) help.showModal();
    else if (event.key === "k") { event.preventDefault(); openPalette(); }
    else if (/^[a-z]$/.test(event.key)) press(document.querySelector(`[data-key="${event.key}"]`));
    else if (event.key === "/") {
      const search = document.querySelector("input[type=search]");
      if (search) { event.preventDefault(); search.focus(); }
    }
  });

  document.addEventListener("click", (event) => {
    const trigger = event.target.closest("[data-opens]");
    if (trigger) {
      event.preventDefault();
      if (trigger.dataset.opens === "palette") openPalette();
      else document.getElementById(trigger.dataset.opens)?.showModal();
    }
    if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
    if (event.target.tagName === "DIALOG") event.target.close();
    const copies = event.target.closest("[data-copies]");
    if (copies) copy(copies);
  });

  // What stands there may belong to what was typed before: Enter waits for the list of what is typed now.
  let isOld = false;
  let isEntered = false;
  if (palette) {
    palette.addEventListener("input", () => { isOld = true; isEntered = false; });
    palette.addEventListener("htmx:afterSwap", () => {
      isOld = false;
      if (isEntered) palette.querySelector(".palette-item")?.click();
      isEntered = false;
    });
    palette.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && isOld) { event.preventDefault(); isEntered = true; return; }
      const items = [...palette.querySelectorAll(".palette-item")];
      if (!items.length) return;
      const at = items.indexOf(document.activeElement);
      if (event.key === "ArrowDown") { event.preventDefault(); items[(at + 1) % items.length].focus(); }
      else if (event.key === "ArrowUp") { event.preventDefault(); items[(at - 1 + items.length) % items.length].focus(); }
      else if (event.key === "Enter" && at < 0) { event.preventDefault(); items[0].click(); }
    });
  }

  // 3. Copy a snippet or a key.
  async function copy(button) {
    const source = document.getElementById(button.dataset.copies);
    try {
      await navigator.clipboard.writeText(source.textContent);
      write(button, "Copied");
    } catch {
      const range = document.createRange();
      range.selectNodeContents(source);
      const selection = window.getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
      write(button, "Selected: press Ctrl+C");
    }
  }

  // 4. Do not send a form twice; say so when the wire is slow.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.submitter?.formTarget) return; // a preview in a tab of its own: the form stays to be sent
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.method === "post") {
      form.dataset.sent = "yes";
      setTimeout(() => { delete form.dataset.sent; }, 4000);
    }
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // 5. A part that is being worked in (an open fold, a focused field) is not replaced under the hand, but afterwards.
  function busy(part) {
    const here = document.activeElement;
    const chosen = [...part.querySelectorAll("input[type=file]")].some((input) => input.files.length);
    const picked = part.querySelector("input[data-pick]:checked") !== null;
    return part.querySelector("details[open][data-keep]") !== null || chosen || picked || (part.contains(here) && typing(here));
  }

  // Other folds stay open, and what is half written stays written, when their part is fetched again.
  let stays = [];
  let written = [];

  function remember(part) {
    stays = [...part.querySelectorAll("details[open][data-stay]")].map((fold) => fold.id);
    written = [...part.querySelectorAll("textarea[id], input[id]:not([type])")]
      .filter((field) => field.value !== field.defaultValue).map((field) => [field.id, field.value]);
  }

  function restore() {
    for (const id of stays) document.getElementById(id)?.setAttribute("open", "");
    for (const [id, text] of written) { const field = document.getElementById(id); if (field) field.value = text; }
    stays = [];
    written = [];
  }

  // Parts of one page may be fetched together, by the element that `data-part` names.
  function beforeSwap(event) {
    const part = event.detail.target;
    if (!part.hasAttribute("data-part")) return;
    if (busy(part)) {
      event.detail.shouldSwap = false;
      part.dataset.stale = "yes";
    } else {
      delete part.dataset.stale;
      remember(part);
    }
  }

  function afterSwap(event) {
    if (event.detail.target.hasAttribute("data-part")) restore();
  }
  for (const kind of ["htmx:beforeSwap", "htmx:oobBeforeSwap"]) document.addEventListener(kind, beforeSwap);
  for (const kind of ["htmx:afterSwap", "htmx:oobAfterSwap"]) document.addEventListener(kind, afterSwap);

  document.addEventListener("htmx:configRequest", (event) => {
    const headers = event.detail.headers;
    if (document.visibilityState === "visible") headers["X-In-View"] = "yes";
    // How far the record on this page goes: what has not changed since then is not sent again.
    const lines = document.getElementById("room-lines");
    const lacks = document.querySelector("[data-part][data-stale]") !== null;
    if (lines && !lacks && event.detail.elt.hasAttribute("data-fetches")) headers["X-Have"] = lines.dataset.mark;
  });

  function refreshTimeline() {
    const fetcher = document.getElementById("incident-parts");
    if (fetcher) window.htmx.trigger(fetcher, "refresh");
  }
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") refreshTimeline();
  });

  function catchUp() {
    const free = [...document.querySelectorAll("[data-part][data-stale]")].filter((part) => !busy(part));
    const fetchers = new Set(free.map((part) => document.getElementById(part.dataset.part) || part));
    for (const fetcher of fetchers) window.htmx.trigger(fetcher, "refresh");
  }
  document.addEventListener("toggle", catchUp, true);
  document.addEventListener("focusout", () => setTimeout(catchUp, 0));

  // 6. Files: dropped, pasted or chosen; sent with a bar that shows how far it is. The form sends them without all this.
  function uploadOf(element) {
    return element instanceof Element ? element.closest("form[data-upload]") : null;
  }

  function askForAlt(form) {
    const images = [...form.querySelector("input[type=file]").files].some((file) => file.type.startsWith("image/"));
    const alt = form.querySelector("[data-alt]");
    if (alt) alt.hidden = !images;
  }

  function askForAlts() {
    for (const form of document.querySelectorAll("form[data-upload]")) askForAlt(form);
  }
  document.addEventListener("htmx:afterSettle", askForAlts);
  document.addEventListener("change", (event) => {
    if (event.target.type === "file" && uploadOf(event.target)) askForAlt(uploadOf(event.target));
  });
  askForAlts();

  function add(form, files) {
    const input = form.querySelector("input[type=file]");
    const all = new DataTransfer();
    for (const file of [...input.files, ...files]) all.items.add(file);
    input.files = all.files;
    askForAlt(form);
  }

  document.addEventListener("paste", (event) => {
    const form = uploadOf(event.target);
    if (form && event.clipboardData?.files.length) { event.preventDefault(); add(form, event.clipboardData.files); }
  });
  document.addEventListener("dragover", (event) => { if (uploadOf(event.target)) event.preventDefault(); });
  document.addEventListener("drop", (event) => {
    const form = uploadOf(event.target);
    if (form && event.dataTransfer?.files.length) { event.preventDefault(); add(form, event.dataTransfer.files); }
  });

  function sendFiles(form) {
    const bar = form.querySelector("[data-progress]");
    const trouble = form.querySelector("[data-trouble]");
    const request = new XMLHttpRequest();
    const failed = (words) => { trouble.textContent = words; trouble.hidden = false; };
    request.open("POST", form.action);
    request.setRequestHeader("X-Upload", "yes");
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) bar.value = event.loaded / event.total; });
    request.addEventListener("error", () => failed("The connection broke. Nothing was sent: try again."));
    request.addEventListener("load", () => {
      if (request.status === 204) {
        forget(form, false);
        form.reset();
        askForAlt(form);
        document.activeElement?.blur();
        refreshTimeline();
      } else {
        failed(request.status === 422 || request.status === 413 ? request.responseText : "It did not work. Load the page again and try once more.");
      }
    });
    request.addEventListener("loadend", () => { bar.hidden = true; delete form.dataset.sent; });
    trouble.hidden = true;
    bar.value = 0;
    bar.hidden = false;
    request.send(new FormData(form));
  }

  document.addEventListener("submit", (event) => {
    const form = uploadOf(event.target);
    if (!form || event.defaultPrevented || !form.querySelector("input[type=file]").files.length) return;
    event.preventDefault();
    sendFiles(form);
  });

  // 7. What was written and not sent outlives a reload, in this tab alone. Sent, it is gone; a send that failed gives it back.
  const whose = document.documentElement.dataset.viewer || "";
  function draftKey(field) {
    return `draft ${whose} ${field.form?.action || ""} ${field.id}`;
  }

  function drafts(root) {
    return root.querySelectorAll("textarea[data-draft]");
  }

  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLTextAreaElement) || !("draft" in field.dataset)) return;
    if (field.value) sessionStorage.setItem(draftKey(field), field.value);
    else sessionStorage.removeItem(draftKey(field));
  });

  function forget(form, keep) {
    for (const field of drafts(form)) {
      if (keep && field.value) sessionStorage.setItem(`sent ${draftKey(field)}`, field.value);
      sessionStorage.removeItem(draftKey(field));
    }
  }

  document.addEventListener("submit", (event) => {
    if (!event.defaultPrevented && !uploadOf(event.target)?.querySelector("input[type=file]").files.length) forget(event.target, true);
  });

  // Coming back from the browser's own error page shows that it did not arrive.
  const cameBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  for (const field of drafts(document)) {
    const sent = sessionStorage.getItem(`sent ${draftKey(field)}`);
    const kept = sessionStorage.getItem(draftKey(field)) || (cameBack ? sent : "");
    sessionStorage.removeItem(`sent ${draftKey(field)}`);
    if (kept && !field.value) field.value = kept;
  }
})();
