// Live pages: one stream per page. What changed makes the marked parts of the page look again; a dot says honestly
// how fresh the page is, and nothing pretends to be live when it is not.
const dot = document.querySelector("[data-live]");
const words = JSON.parse(dot.dataset.words);
const SILENCE = 12_000, CALM = 300;
let heard = 0, asOf = null, behind = 0, waiting = null;

function show(kind, text) {
  for (const one of ["live", "behind", "lost"]) dot.classList.toggle(one, one === kind);
  if (dot.textContent !== text) dot.textContent = text;
}

function clock(when) {
  return new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }).format(when);
}

function look() {
  if (Date.now() - heard > SILENCE) show("lost", asOf ? `${words.lost} · ${words.behind} ${clock(asOf)}` : words.lost);
  else if (behind > 0 && Date.now() - asOf > 2000) show("behind", `${words.behind} ${clock(asOf)}`);
  else show("live", words.live);
}

function changed() {
  // Many events at once are one look, and the first is not kept waiting.
  if (waiting) return;
  const types = [...heardOf];
  heardOf.clear();
  document.body.dispatchEvent(new CustomEvent("live", { detail: { position: Number(last), types } }));
  waiting = setTimeout(() => { waiting = null; if (again) { again = false; changed(); } }, CALM);
}
let again = false;
const heardOf = new Set();

// The browser comes back by itself after a lost connection, but not after an answer that is no stream, as nginx gives
// while the service starts: then we do, and say what we saw last.
let last = "", retry = 2000;

function open() {
  const stream = new EventSource(dot.dataset.live + (last ? `&after=${Number(last)}` : ""));
  stream.addEventListener("beat", (event) => {
    const told = JSON.parse(event.data);
    heard = Date.now();
    retry = 2000;
    behind = told.behind;
    asOf = new Date(told.as_of);
    look();
  });
  for (const kind of ["change", "reset"]) {
    stream.addEventListener(kind, (event) => {
      last = event.lastEventId;
      for (const type of JSON.parse(event.data).types ?? []) heardOf.add(type);
      if (kind === "reset") heardOf.add("*");
      if (waiting) again = true; else changed();
    });
  }
  stream.addEventListener("error", () => {
    if (stream.readyState !== EventSource.CLOSED) return;
    setTimeout(reopen, retry);
    retry = Math.min(retry * 1.5, 15_000);
  });
}

async function reopen() {
  const headers = { "X-CSRF-Token": document.body.dataset.csrf ?? "", "Content-Type": "application/x-www-form-urlencoded" };
  const answer = await fetch("/session", { method: "POST", headers, body: "renew=1" }).catch(() => null);
  if (answer?.status === 401) location.assign("/session?next=" + encodeURIComponent(location.pathname + location.search));
  else open();
}

open();
setInterval(look, 1000);
