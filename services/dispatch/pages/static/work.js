// The work list looks again when something has changed in its area: soon, but not for every event; and nothing that
// the reader has ticked, focused or selected is lost by it. What it shows may be read from tables that are a moment
// behind the live stream: then it looks once more.
const SOON = 700, CALM = 2000, AGAIN = 1000, TRIES = 5;
const ELSEWHERE = /^(report|photo|notice|feedback|visit|subscription)\./;
const list = document.getElementById("work-live");
let wanted = 0, tries = 0, timer = null, kept = null, looked = 0;

function look() {
  timer = null;
  // Whoever is copying a line goes on; the list looks as soon as they have let go.
  if (!getSelection().isCollapsed && list.contains(getSelection().anchorNode)) return later(AGAIN);
  looked = Date.now();
  document.body.dispatchEvent(new CustomEvent("look-again"));
}

function later(wait) { timer ??= setTimeout(look, wait); }

document.body.addEventListener("live", (event) => {
  if (event.detail.types.length && event.detail.types.every((type) => ELSEWHERE.test(type))) return;
  wanted = Math.max(wanted, event.detail.position);
  tries = TRIES;
  later(Math.max(SOON, looked + CALM - Date.now()));
});

const key = (element) => element?.dataset?.key ?? element?.getAttribute?.("href") ?? element?.value ?? "";
list.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target !== list) return;
  const own = list.contains(document.activeElement) ? document.activeElement : null;
  kept = {
    ticked: [...list.querySelectorAll("input[type=checkbox]:checked")].map((one) => one.value),
    focus: own && { tag: own.tagName, key: key(own) },
    at: scrollY,
  };
});
list.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== list || !kept) return;
  for (const one of list.querySelectorAll("input[type=checkbox]")) one.checked = kept.ticked.includes(one.value);
  if (kept.focus) [...list.querySelectorAll(kept.focus.tag)].find((one) => key(one) === kept.focus.key)?.focus({ preventScroll: true });
  scrollTo({ top: kept.at, behavior: "instant" });
  kept = null;
  const position = Number(list.querySelector("[data-position]")?.dataset.position ?? 0);
  if (position < wanted && tries-- > 0) later(AGAIN);
});
