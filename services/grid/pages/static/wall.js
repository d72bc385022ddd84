// The wall: goes from area to area, looks again when something changed there, and keeps the screen awake.
const wall = document.getElementById("wall");
const stops = wall.dataset.stops.split(" ");
const seconds = Number(wall.dataset.seconds);
let at = Math.max(0, stops.indexOf(new URLSearchParams(location.search).get("area") || wall.dataset.root));

function show() {
  const address = `/wall?area=${stops[at]}&root=${wall.dataset.root}&lang=${wall.dataset.lang}`;
  // A service that restarts does not clear the wall: what is there stays, and the dot says how old it is.
  window.htmx?.ajax("GET", address, { target: "#screen", swap: "innerHTML" }).catch(() => {});
}

document.body.addEventListener("live", show);
if (seconds > 0 && stops.length > 1) setInterval(() => { at = (at + 1) % stops.length; show(); }, seconds * 1000);

const clock = document.getElementById("clock");
const format = new Intl.DateTimeFormat(wall.dataset.lang === "zh" ? "zh-CN" : "en-GB", { timeZone: "Asia/Shanghai", month: "long", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const tick = () => { clock.textContent = format.format(new Date()); };
tick();
setInterval(tick, 1000);

async function stayAwake() {
  if (document.visibilityState === "visible") await navigator.wakeLock?.request("screen").catch(() => {});
}
document.addEventListener("visibilitychange", stayAwake);
stayAwake();

document.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step) { at = (at + step + stops.length) % stops.length; show(); }
});
