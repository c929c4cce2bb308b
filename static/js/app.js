/* What a page does beyond links and forms. Everything here is an addition: without it, every
   page still works. No inline handlers (the content security policy forbids them); behaviour
   hangs on data attributes, so that parts brought in by htmx get it as well. */
(() => {
  "use strict";

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  const words = (key, values = {}) =>
    (document.getElementById("ui-text")?.dataset[key] ?? "").replace(/\{(\w+)\}/g, (_, name) => values[name]);

  // --- Toasts ---------------------------------------------------------------------------------

  const toasts = () => document.getElementById("toasts");
  const BRIEF = 8000;

  function fade(toast) {
    let timer = setTimeout(() => toast.remove(), BRIEF);
    const hold = () => clearTimeout(timer);
    const go = () => { hold(); timer = setTimeout(() => toast.remove(), BRIEF / 2); };
    toast.addEventListener("mouseenter", hold);
    toast.addEventListener("focusin", hold);
    toast.addEventListener("mouseleave", go);
    toast.addEventListener("focusout", go);
  }

  function say(text, tone = "info") {
    if (!text) return;
    const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
    toast.classList.add(`tone-${tone}`);
    toast.querySelector("p").textContent = text;
    toasts().append(toast);
    if (tone === "ok" || tone === "info") fade(toast);
  }

  all(".toast[data-brief]").forEach(fade);
  document.body.addEventListener("toast", (event) => say(event.detail.text, event.detail.tone));

  // --- htmx: the token, and a word when something fails -----------------------------------------

  document.body.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = token();
  });
  document.body.addEventListener("htmx:sendError", () => say(words("offline"), "bad"));
  document.body.addEventListener("htmx:responseError", (event) => {
    if (!event.detail.xhr.getResponseHeader("HX-Trigger")) say(words("failed"), "bad");
  });

  // --- Menus and dialogs ------------------------------------------------------------------------

  document.addEventListener("click", (event) => {
    all("details[data-menu][open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });

    const dismiss = event.target.closest("[data-dismiss]");
    if (dismiss) {
      const dialog = dismiss.closest("dialog");
      if (!dialog) dismiss.closest(".toast")?.remove();
      else if (dialog.matches(":modal")) dialog.close();
      else dismiss.closest("details").open = false;
    }
    if (event.target.closest("[data-print]")) window.print();

    const check = event.target.closest("[data-check]");
    if (check) tick(check);
    const mark = event.target.closest("[data-set]");
    if (mark) markAll(mark);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details[data-menu][open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // A <details> with a <dialog open> in it: a panel without JavaScript, a modal with it.
  document.addEventListener("toggle", (event) => {
    const details = event.target;
    if (!details.matches?.("details[data-confirm]") || !details.open) return;
    const dialog = details.querySelector("dialog");
    if (dialog.matches(":modal")) return;
    dialog.removeAttribute("open");
    dialog.showModal();
    dialog.addEventListener("close", () => {
      details.open = false;
      dialog.setAttribute("open", "");
      details.querySelector("summary").focus();
    }, { once: true });
    dialog.addEventListener("click", (click) => {
      if (click.target === dialog) dialog.close();
    });
  }, true);

  // --- Ticking many: data-check="all|none|invert" data-target="selector" --------------------------

  function tick(control) {
    const boxes = all(`${control.dataset.target} input[type="checkbox"]:not(:disabled)`);
    boxes.filter((box) => !box.closest("[hidden]")).forEach((box) => {
      box.checked = control.dataset.check === "invert" ? !box.checked : control.dataset.check === "all";
    });
    boxes[0]?.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function count() {
    all("[data-count-of]").forEach((place) => {
      const chosen = all(`${place.dataset.countOf} input[type="checkbox"]:checked`).length;
      place.textContent = words("chosen", { count: chosen });
    });
  }

  // --- Marking everyone: data-set="value" data-target="selector", counted by data-tally="value" -----

  function markAll(control) {
    all(`${control.dataset.target} input[type="radio"][value="${control.dataset.set}"]`).forEach((radio) => {
      if (!radio.closest("[hidden]")) radio.checked = true;
    });
    tally();
  }

  function tally() {
    all("[data-tally]").forEach((place) => {
      const { target, tally: value } = place.dataset;
      place.textContent = all(`${target} input[value="${value}"]:checked`).length;
    });
  }

  // --- Finding in a list: <input data-filter="#list">, items with data-search="words initials" ----

  function filter(input) {
    const parts = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const list = document.querySelector(input.dataset.filter);
    let found = 0;
    all("[data-search]", list).forEach((item) => {
      const text = item.dataset.search.toLowerCase();
      item.hidden = !parts.every((part) => text.includes(part));
      found += item.hidden ? 0 : 1;
    });
    all("[data-search-group]", list).forEach((group) => {
      group.hidden = !group.querySelector("[data-search]:not([hidden])");
      if (parts.length && group.matches("details")) group.open = true;
    });
    const status = document.querySelector(`[data-filter-status="${input.dataset.filter}"]`);
    if (status) status.textContent = found ? "" : words("none");
  }

  // --- Files: the names of what was chosen --------------------------------------------------------

  function names(input) {
    const list = document.querySelector(`[data-file-names="${input.id}"]`);
    list?.replaceChildren(...[...input.files].map((file) => {
      const item = document.createElement("li");
      const size = file.size < 1048576 ? `${Math.ceil(file.size / 1024)} KB` : `${(file.size / 1048576).toFixed(1)} MB`;
      item.textContent = `${file.name} · ${size}`;
      return item;
    }));
  }

  // --- Autosave: <form data-autosave="address">, <output data-save-state> --------------------------
  // The answer is JSON: {"saved_at": "14:03", "fields": {"name": "new value of a hidden field"}}.
  // What could not be saved waits in this browser, under the user and the address, until it is.

  const DELAY = 1200;
  const RETRY = 15000;

  function autosave(form) {
    const key = `unsaved:${document.body.dataset.user}:${form.dataset.autosave}`;
    const place = document.querySelector(`[data-save-state="${form.id}"]`) ?? form.querySelector("[data-save-state]");
    let timer = 0;
    let isSaving = false;
    let isChanged = false;
    let isSubmitting = false;

    const show = (state, text) => {
      if (!place) return;
      place.dataset.state = state;
      place.textContent = text;
    };
    const fields = () => [...new FormData(form)].filter(([name, value]) =>
      typeof value === "string" && name !== "csrfmiddlewaretoken");
    const later = (delay) => { clearTimeout(timer); timer = setTimeout(save, delay); };
    const keep = () => {
      try { localStorage.setItem(key, JSON.stringify(fields())); } catch { /* private window: nothing to keep it in */ }
    };
    const forget = () => {
      try { localStorage.removeItem(key); } catch { /* as above */ }
    };

    async function save() {
      if (!isChanged || isSubmitting) return;
      if (isSaving) { later(DELAY); return; }
      isSaving = true;
      isChanged = false;
      show("saving", words("saving"));
      const body = new URLSearchParams(fields());
      try {
        const answer = await fetch(form.dataset.autosave, {
          method: "POST", body, redirect: "manual", keepalive: body.toString().length < 60000,
          headers: { "X-CSRFToken": token(), "X-Requested-With": "XMLHttpRequest", Accept: "application/json" },
        });
        if (answer.ok) {
          const said = answer.status === 204 ? {} : await answer.json();
          Object.entries(said.fields ?? {}).forEach(([name, value]) => { if (form.elements[name]) form.elements[name].value = value; });
          if (!isChanged) forget();
          const now = new Date().toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
          show("saved", words("saved", { time: said.saved_at ?? now }));
          form.dispatchEvent(new CustomEvent("saved", { bubbles: true, detail: said }));
        } else if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
          isChanged = true;
          show("failed", words("signedOut"));
        } else if (answer.status === 409) {
          show("failed", words("conflict"));
        } else if (answer.status < 500) {
          // Half-typed input that the server will not take yet: it is kept here, the form will say why.
          show("waiting", "");
        } else {
          throw new Error(answer.statusText);
        }
      } catch {
        isChanged = true;
        show("failed", words("unsaved"));
        later(RETRY);
      } finally {
        isSaving = false;
      }
    }

    const changed = (event) => {
      if (event.target.type === "file") return;
      isChanged = true;
      keep();
      later(DELAY);
    };
    form.addEventListener("input", changed);
    form.addEventListener("change", changed);
    // What is sent stays here until a page says that it arrived: the session may have ended.
    form.addEventListener("submit", () => { isSubmitting = true; keep(); });
    window.addEventListener("online", () => later(0));
    document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });

    let waiting = null;
    try { waiting = JSON.parse(localStorage.getItem(key)); } catch { /* nothing readable */ }
    if (waiting) {
      restore(form, waiting);
      isChanged = true;
      later(0);
      say(words("restored"));
    }
  }

  // Below an address: everything that waits in this browser, newest or not.
  function waiting(address) {
    const start = `unsaved:${document.body.dataset.user}:${address}`;
    try { return Object.keys(localStorage).filter((key) => key.startsWith(start)); } catch { return []; }
  }
  // [data-arrived="address"]: the page that says so. [data-waiting="address"]: a way back to it.
  function unsaved(root) {
    all("[data-arrived]", root).forEach((mark) => waiting(mark.dataset.arrived).forEach((key) => localStorage.removeItem(key)));
    all("[data-waiting]", root).forEach((mark) => {
      const key = waiting(mark.dataset.waiting)[0];
      mark.hidden = !key;
      if (key) mark.querySelector("a").search = key.split("?")[1] ?? "";
    });
  }

  function restore(form, pairs) {
    const values = Map.groupBy ? Map.groupBy(pairs, ([name]) => name) : pairs.reduce(
      (groups, pair) => groups.set(pair[0], [...(groups.get(pair[0]) ?? []), pair]), new Map());
    [...form.elements].forEach((element) => {
      if (!element.name || element.type === "hidden" || element.type === "file" || element.type === "submit") return;
      const wanted = (values.get(element.name) ?? []).map(([, value]) => value);
      if (element.type === "checkbox" || element.type === "radio") element.checked = wanted.includes(element.value);
      else if (wanted.length) element.value = wanted[0];
    });
  }

  // --- Keys in a list: J and K go on and back, other letters press [data-key] in the current row ----

  const ROW = "tbody > tr, [data-row]";

  function step(list, by) {
    const rows = all(ROW, list).filter((row) => row.offsetParent);
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const next = rows[Math.min(Math.max(at + by, 0), rows.length - 1)];
    if (!next) return;
    next.tabIndex = -1;
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.matches("input:not([type='checkbox'], [type='radio']), select, textarea") || document.querySelector("dialog:modal")) return;
    const list = event.target.closest("[data-keys]") ?? document.querySelector("[data-keys]");
    if (!list) return;
    const key = event.key.toLowerCase();
    if (key === "j") step(list, 1);
    else if (key === "k") step(list, -1);
    else {
      const control = event.target.closest(ROW)?.querySelector(`[data-key="${CSS.escape(key)}"]`);
      if (!control) return;
      control.click();
      control.focus();
    }
    event.preventDefault();
  });

  // --- Sending once: a second click on the way does nothing ------------------------------------------

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.isSent) { event.preventDefault(); return; }
    form.dataset.isSent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
    setTimeout(() => free(form), 10000);
  });
  function free(form) {
    delete form.dataset.isSent;
    all("[aria-busy]", form).forEach((button) => button.removeAttribute("aria-busy"));
  }
  window.addEventListener("pageshow", () => all("form[data-is-sent]").forEach(free));
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest?.("form");
    if (form) free(form);
  });

  // --- On every page, and in every part that htmx brings ----------------------------------------------

  document.addEventListener("input", (event) => {
    if (event.target.dataset.filter) filter(event.target);
  });
  document.addEventListener("change", (event) => {
    if (event.target.type === "file") names(event.target);
    if (event.target.type === "checkbox") count();
    if (event.target.type === "radio") tally();
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });
  function prepare(root) {
    unsaved(root);
    all("form[data-autosave]:not([data-ready])", root).forEach((form) => {
      form.dataset.ready = "yes";
      autosave(form);
    });
    all("[data-filter]", root).forEach((input) => { if (input.value) filter(input); });
    count();
    tally();
    root.querySelector("[data-focus]")?.focus();
  }
  document.body.addEventListener("htmx:load", (event) => {
    if (event.target !== document.body) prepare(event.target.parentElement ?? document);
  });
  prepare(document);
})();
