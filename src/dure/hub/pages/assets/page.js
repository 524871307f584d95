// What a page does by itself: sends forms as JSON, takes files that are dropped, follows runs. Without it every page can still be read.
"use strict";
const text = document.documentElement.lang === "ko"
  ? { copied: "복사했습니다", lost: "연결이 끊겼습니다. 다시 시도하세요.", one: "파일을 한 개만 놓아 주세요.", away: "빼기", needed: "파일을 먼저 놓아 주세요.", anew: "현황판이 바뀌었습니다." }
  : { copied: "Copied", lost: "The connection was lost. Try again.", one: "Drop one file only.", away: "Remove", needed: "Drop a file first.", anew: "The board has changed." };

// ---- what was refused: what, where, what to do next ----------------------------------------------------------------------

function refuse(place, problem) {
  const box = place.querySelector(".fault");
  if (!box) return tell(problem.title);
  box.replaceChildren();
  const where = marked(place, problem.where) || problem.where;
  if (where) box.append(Object.assign(document.createElement("b"), { textContent: where }), ": ");
  box.append(problem.title || text.lost);
  if (problem.cure) box.append("\n" + problem.cure);
  box.hidden = false;
  box.scrollIntoView({ block: "nearest" });
}

// The field that was refused is shown and ready to be mended; what people call it.
function marked(form, where) {
  const name = (where || "").replace(/^\[(.*)\]$/, "$1"); // a form's own fault names its field so
  const field = name && [...(form.elements || [])].find((each) => each.name === name || each.name.startsWith(`${name}.`));
  if (!field || field.type === "hidden") return "";
  const around = field.closest("details");
  if (around) around.open = true;
  field.setAttribute("aria-invalid", "true");
  field.focus();
  return field.labels?.[0]?.firstChild?.textContent.trim() || field.getAttribute("aria-label") || "";
}

function tell(words) {
  const box = document.getElementById("told");
  box.textContent = words;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => { box.textContent = ""; }, 4000);
}

async function send(method, address, body, headers) {
  let got;
  try {
    got = await fetch(address, { method, body, headers, credentials: "same-origin" });
  } catch {
    throw { title: text.lost };
  }
  const json = (got.headers.get("content-type") || "").includes("json");
  const said = json ? await got.json() : await got.text();
  if (!got.ok) throw json ? said : { title: `${got.status} ${got.statusText}` };
  return said;
}

// {id} of an address, from what was answered; only within this site.
const filled = (address, said) => address.replace(/\{(\w+)\}/g, (_all, name) => encodeURIComponent(said[name] ?? ""));

function go(address) {
  const here = new URL(address, location.href);
  if (here.origin !== location.origin) return;
  if (here.pathname + here.search !== location.pathname + location.search) return location.assign(here);
  history.replaceState(null, "", here);
  location.reload();
}

// ---- forms ---------------------------------------------------------------------------------------------------------------

// A name with points is a field within a field, a number in it a place in a list; what is empty is left out; `data-as` says what a value is.
// A name with points is a field within a field; what is empty is left out; `data-as` says what a value is. A field with
// `data-address` stands in the address that the form is sent to.
function gathered(form) {
  const found = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled || "address" in field.dataset || ((field.type === "radio" || field.type === "checkbox") && !field.checked)) continue;
    if (field.value === "") continue;
    const as = field.dataset.as || (field.type === "number" ? "number" : "text");
    let value = field.value;
    if (as === "number") value = Number(value);
    else if (as === "boolean") value = true;
    else if (as === "json") {
      try { value = JSON.parse(value); } catch (error) { throw { title: String(error.message), where: field.name }; }
    }
    else if (as === "any") try { value = JSON.parse(value); } catch { /* a text, as it stands */ }
    const way = field.name.split(".");
    const last = way.pop();
    const at = way.reduce((inner, name, step) => (inner[name] ??= /^\d+$/.test(way[step + 1] ?? last) ? [] : {}), found);
    if (as === "list" || field.hasAttribute("data-list")) (at[last] ??= []).push(value);
    else at[last] = value;
  }
  return found;
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-send]");
  if (!form) return;
  event.preventDefault();
  if (form.dataset.sure && !confirm(form.dataset.sure)) return;
  const box = form.querySelector(".fault");
  if (box) box.hidden = true;
  form.querySelectorAll("[aria-invalid]").forEach((each) => each.removeAttribute("aria-invalid"));
  const empty = [...form.querySelectorAll("[data-needed]")].find((place) => !document.querySelector(place.dataset.add).children.length);
  if (empty) return refuse(empty, { title: text.needed });
  const buttons = form.querySelectorAll("button");
  buttons.forEach((each) => { each.disabled = true; });
  const busy = form.querySelector("[data-busy]"); // words while it takes long
  if (busy) busy.hidden = false;
  try {
    const [method, address] = form.dataset.send.split(" ");
    const body = gathered(form);
    const named = Object.fromEntries([...form.elements].filter((each) => "address" in each.dataset).map((each) => [each.name, each.value]));
    const said = await send(method, filled(address, named), "bare" in form.dataset ? JSON.stringify(body.value ?? null) : JSON.stringify(body), { "content-type": "application/json" });
    if (form.dataset.show) show(document.querySelector(form.dataset.show), said[form.dataset.field] ?? "");
    else if (form.dataset.said) { form.reset(); tell(form.dataset.said); }
    else go(form.dataset.then ? filled(form.dataset.then, said || {}) : location.href);
  } catch (problem) {
    refuse(form, problem);
  } finally {
    buttons.forEach((each) => { each.disabled = false; });
    if (busy) busy.hidden = true;
  }
});

// What came back, where it is wanted; a part of the page that waited for it appears.
function show(place, words) {
  place.textContent = words;
  const hidden = place.closest("[hidden]");
  if (!hidden) return;
  hidden.hidden = false;
  hidden.focus();
}

// A choice that shows itself at once: the form is asked for again.
document.addEventListener("change", (event) => {
  const form = event.target.type === "file" ? null : event.target.closest("form[data-at-once]"); // a file is sent first
  if (form) form.requestSubmit();
});

// ---- files ---------------------------------------------------------------------------------------------------------------

// data-drop="POST address" takes one file as the body; {name} is the file's. Then data-then, or what comes back goes into data-into.
// data-add: its hash becomes a field of the form, called data-name; with data-many one of several.
function drop(place) {
  const input = place.querySelector("input[type=file]");
  const take = async (files) => {
    const bar = place.querySelector("progress");
    const box = place.querySelector(".fault");
    if (box) box.hidden = true;
    if (files.length !== 1 && !("many" in place.dataset)) return refuse(place, { title: text.one });
    const [method, address] = place.dataset.drop.split(" ");
    waits(place.closest("form"), 1);
    if (bar) bar.hidden = false;
    place.last = files[0];
    try {
      if (place.dataset.add) return await each(place, files, (file) => sent(method, filled(address, { name: file.name }), file, () => {}));
      const said = await sent(method, filled(address, { name: files[0].name }), files[0], (share) => {
        if (bar && share < 1) bar.value = share;
        else if (bar) bar.removeAttribute("value");
      });
      if (place.dataset.into) {
        const into = document.querySelector(place.dataset.into);
        into.innerHTML = said; // made and escaped by our own server; the page's policy lets no script in it run
        into.focus();
      } else if (place.dataset.set) {
        const field = document.querySelector(place.dataset.set);
        if (field.options && ![...field.options].some((each) => each.value === said.sha256)) field.add(new Option(said.name, said.sha256));
        field.value = said.sha256;
        place.querySelector("strong").textContent = files[0].name;
        field.dispatchEvent(new Event("change", { bubbles: true }));
      } else go(filled(place.dataset.then, said));
    } catch (problem) {
      refuse(place, problem);
    } finally {
      waits(place.closest("form"), -1);
      if (bar) bar.hidden = true;
      input.value = "";
    }
  };
  input.addEventListener("change", () => { if (input.files.length) take(input.files); });
  place.addEventListener("dragover", (event) => { event.preventDefault(); place.classList.add("over"); });
  place.addEventListener("dragleave", () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    place.classList.remove("over");
    take(event.dataTransfer.files);
  });
}

// A form is not sent before every file is there that was dropped into it.
const coming = new WeakMap();
function waits(form, more) {
  if (!form) return;
  coming.set(form, (coming.get(form) ?? 0) + more);
  form.querySelectorAll("button").forEach((button) => { button.disabled = coming.get(form) > 0; });
}

async function each(place, files, keep) {
  const list = document.querySelector(place.dataset.add);
  if (!("many" in place.dataset)) list.replaceChildren();
  for (const file of files) {
    const said = await keep(file);
    const line = Object.assign(document.createElement("li"), { textContent: file.name + " " });
    const field = Object.assign(document.createElement("input"), { type: "hidden", name: place.dataset.name, value: said.sha256 });
    if ("many" in place.dataset) field.dataset.list = "";
    const away = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: text.away });
    away.setAttribute("aria-label", `${text.away}: ${file.name}`);
    away.dataset.away = line.dataset.file = file.name;
    for (const same of [...list.children]) if (same.dataset.file === file.name) same.remove(); // mended: in the old one's place
    line.append(field, away);
    list.append(line);
  }
  list.dispatchEvent(new Event("change", { bubbles: true }));
}

// fetch tells nothing of how far an upload is.
function sent(method, address, file, tellShare) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open(method, address);
    request.upload.onprogress = (event) => { if (event.lengthComputable) tellShare(event.loaded / event.total); };
    request.onerror = () => failed({ title: text.lost });
    request.onload = () => {
      const json = (request.getResponseHeader("content-type") || "").includes("json");
      let said = request.responseText;
      if (json) said = JSON.parse(said);
      if (request.status < 300) done(said);
      else failed(json ? said : { title: `${request.status} ${request.statusText}` });
    };
    request.send(file);
  });
}

// ---- a run while it runs -------------------------------------------------------------------------------------------------

function follow(place) {
  const events = new EventSource(place.dataset.follow);
  const log = place.querySelector("[data-log]");
  const once = async () => {
    if (!log) return;
    const got = await fetch(log.dataset.log, { credentials: "same-origin" });
    if (!got.ok) return;
    const down = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
    log.textContent = await got.text();
    if (down) log.scrollTop = log.scrollHeight;
  };
  events.onmessage = (event) => {
    const run = JSON.parse(event.data);
    if (run.ended) { events.close(); return location.reload(); }
    const bar = place.querySelector("progress");
    if (run.share > 0) bar.value = run.share;
    if (run.doing) place.querySelector("[data-doing]").textContent = run.doing;
    if (run.state !== place.dataset.state) return location.reload();
    once();
  };
}

// ---- a part of a page that others change -----------------------------------------------------------------------------------

// data-live="events" tells {stamp, runs}: runs move their own bar; another stamp, and the part is fetched anew from data-piece.
function live(place) {
  let events;
  const anew = async () => {
    const got = await fetch(place.dataset.piece, { credentials: "same-origin" });
    if (!got.ok) return;
    const made = new DOMParser().parseFromString(await got.text(), "text/html").querySelector("[data-live]");
    if (!made || made.dataset.stamp === place.dataset.stamp) return;
    const at = document.activeElement?.closest("[href]")?.getAttribute("href"); // the keyboard stays where it was
    place.dataset.stamp = made.dataset.stamp;
    place.replaceChildren(...made.childNodes);
    if (at && !document.activeElement?.closest("[href]")) place.querySelector(`[href="${CSS.escape(at)}"]`)?.focus();
    tell(text.anew);
  };
  const listen = () => {
    events = new EventSource(place.dataset.live);
    events.onmessage = (event) => {
      const said = JSON.parse(event.data);
      if (said.stamp !== place.dataset.stamp) anew();
      for (const run of said.runs) {
        const row = place.querySelector(`[data-run="${CSS.escape(run.id)}"]`);
        if (!row) continue;
        row.querySelector("progress").value = run.share;
        row.querySelector("[data-doing]").textContent = run.doing && ` · ${run.doing}`;
      }
    };
  };
  // A page that nobody looks at holds no connection: a browser has six for all its tabs.
  document.addEventListener("visibilitychange", () => { if (document.hidden) events.close(); else listen(); });
  if (document.hidden) events = { close() {} }; else listen();
}

// ---- small things --------------------------------------------------------------------------------------------------------

function tabs(place) {
  const buttons = [...place.querySelectorAll("[role=tab]")];
  const choose = (chosen) => {
    for (const each of buttons) {
      const on = each === chosen;
      each.setAttribute("aria-selected", on);
      each.tabIndex = on ? 0 : -1;
      document.getElementById(each.getAttribute("aria-controls")).hidden = !on;
    }
  };
  place.addEventListener("click", (event) => { const to = event.target.closest("[role=tab]"); if (to) choose(to); });
  place.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const to = buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
    choose(to);
    to.focus();
  });
  choose(buttons[0]);
}

// What was dropped last is sent once more, to another address.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-resend]");
  if (!button) return;
  const [method, address] = button.dataset.resend.split(" ");
  button.disabled = true;
  try {
    go(filled(button.dataset.then, await send(method, address, document.querySelector("[data-drop]").last)));
  } catch (problem) {
    refuse(button.parentElement, problem);
  } finally {
    button.disabled = false;
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-away]");
  if (button) button.closest("li").remove();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent);
  tell(text.copied);
});

for (const each of document.querySelectorAll("time[datetime]")) {
  const at = new Date(each.dateTime);
  each.textContent = at.toLocaleString(document.documentElement.lang === "ko" ? "ko-KR" : "en-GB",
    { year: "numeric", month: "short", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit" });
}
for (const each of document.querySelectorAll("a[data-language]")) each.search = "?to=" + encodeURIComponent(location.pathname + location.search);
for (const each of document.querySelectorAll(".wide, .figure, figure, pre")) if (each.scrollWidth > each.clientWidth) each.tabIndex = 0; // by keyboard too
document.querySelectorAll("[data-drop]").forEach(drop);
document.querySelectorAll("[data-follow]").forEach(follow);
document.querySelectorAll("[data-live]").forEach(live);
document.querySelectorAll("[role=tablist]").forEach(tabs);
