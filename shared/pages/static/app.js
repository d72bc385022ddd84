// What every page does besides being a page: it keeps its session alive, and asks before what cannot be undone.
const RENEW_EVERY = 10 * 60 * 1000;

async function renew() {
  const token = document.body.dataset.csrf;
  if (!token) return;
  const answer = await fetch("/session", { method: "POST", headers: { "X-CSRF-Token": token, "Content-Type": "application/x-www-form-urlencoded" }, body: "renew=1" });
  // A wall may hang there for days: when nobody vouches for it any more, it says so.
  if (answer.status === 401) location.assign("/session?next=" + encodeURIComponent(location.pathname + location.search));
}
setInterval(() => renew().catch(() => {}), RENEW_EVERY);

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
