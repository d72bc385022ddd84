// Figures that nobody refreshed for a while say so; and nothing is pulled away under somebody who copies a command.
const box = document.querySelector("[hx-trigger]");
const stale = document.getElementById("stale");
const LATE = 15;
let seen = Date.now();
document.body.addEventListener("htmx:afterSwap", (event) => { if (event.target === box) seen = Date.now(); });
document.body.addEventListener("htmx:beforeRequest", (event) => {
  const selection = getSelection();
  if (event.target === box && !selection.isCollapsed && box.contains(selection.anchorNode)) event.preventDefault();
});
setInterval(() => {
  const age = Math.round((Date.now() - seen) / 1000);
  stale.hidden = age < LATE;
  stale.querySelector("[data-age]").textContent = age;
}, 1000);
