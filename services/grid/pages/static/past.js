// The time slider: which hour is looked at, hour by hour on its own if asked. The page is the server's for every moment;
// without this script the links and the form lead to the same addresses.
const bar = document.querySelector("[data-past]");
const words = JSON.parse(bar.dataset.words);
const slider = bar.querySelector("input[type=range]"), play = bar.querySelector("[data-past-play]");
const picked = bar.querySelector("input[name=local]"), when = bar.querySelector("#past-when"), said = bar.querySelector("#past-said");
const HOUR = 3_600_000, ZONE = 8 * HOUR, PACE = 900, CALM = 180;
const first = Date.parse(bar.dataset.first), begun = Date.parse(bar.dataset.now) - Math.floor(performance.now() / 1000) * 1000;
let at = Date.parse(bar.dataset.past), waiting = null, asking = null, playing = false;

// The city's clock, wherever the browser stands.
const local = (moment, length = 16) => new Date(moment + ZONE).toISOString().slice(0, length);
const hourOf = (moment) => new Date(moment + ZONE).getUTCHours();
const dayOf = (moment) => Math.floor((moment + ZONE) / (24 * HOUR)) * 24 * HOUR - ZONE;
// Now is the server's: a browser whose clock is ahead would ask for what is still to come.
const clamped = (moment) => Math.min(Math.max(moment, first), begun + Math.floor(performance.now() / 1000 - 1) * 1000);

function address(moment) {
  const found = new URL(location.href);
  found.searchParams.delete("local");
  found.searchParams.set("at", `${local(moment, 19)}+08:00`);
  return found.pathname + found.search;
}

function show() {
  slider.value = hourOf(at);
  slider.setAttribute("aria-valuetext", local(at).replace("T", " "));
  picked.value = local(at);
  when.textContent = local(at).replace("T", " ");
}

async function load() {
  asking?.abort();
  const own = (asking = new AbortController());
  const there = address(at);
  bar.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(there, { signal: own.signal });
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of ["seen", "past-when", "past-steps"]) {
      // What is being typed into or stands under the finger stays; the figures and the ways on are those of the moment.
      const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
      if (id === "past-steps") old.querySelectorAll("a").forEach((link) => link.remove()), old.prepend(...fresh.querySelectorAll("a"));
      else old.replaceChildren(...fresh.childNodes);
    }
    history.replaceState(null, "", there);
    said.textContent = "";
    return true;
  } catch (error) {
    if (error.name === "AbortError") return false;
    said.textContent = words.failed;
    pause();
    return false;
  } finally {
    if (asking === own) bar.removeAttribute("aria-busy");
  }
}

function go(moment) {
  at = clamped(moment);
  show();
  clearTimeout(waiting);
  waiting = setTimeout(load, CALM);
}

function pause() {
  playing = false;
  play.setAttribute("aria-pressed", "false");
  play.querySelector("span").textContent = words.play;
}

async function run() {
  while (playing && clamped(at + HOUR) === at + HOUR) {
    at += HOUR;
    show();
    await load();
    await new Promise((done) => setTimeout(done, PACE));
  }
  pause();
}

slider.addEventListener("input", () => { pause(); go(dayOf(at) + Number(slider.value) * HOUR); });
slider.addEventListener("keydown", (event) => {
  // The day before and the day after begin where this one ends.
  const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
  const beyond = (step === 1 && slider.value === slider.max) || (step === -1 && slider.value === slider.min);
  if (!beyond) return;
  event.preventDefault();
  pause();
  go(at + step * HOUR);
});
play.addEventListener("click", () => {
  if (playing) return pause();
  playing = true;
  play.setAttribute("aria-pressed", "true");
  play.querySelector("span").textContent = words.pause;
  run();
});
document.addEventListener("visibilitychange", () => document.hidden && pause());
bar.querySelector(".past-drive").hidden = false;
