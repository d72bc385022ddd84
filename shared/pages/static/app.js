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

// Who signs out leaves no list behind, and nothing that was sent. What was not sent yet waits for the same person.
const LIST = "wuji-list";

async function unsent(name) {
  if (!(await indexedDB.databases?.() ?? []).some((one) => one.name === name)) return 0;
  const store = await new Promise((done, failed) => Object.assign(indexedDB.open(name), { onsuccess: (event) => done(event.target.result), onerror: failed }));
  const letters = await new Promise((done) => { store.transaction("outbox").objectStore("outbox").getAll().onsuccess = (event) => done(event.target.result); });
  store.close();
  const waiting = letters.filter((letter) => !letter.refused).length;
  if (!waiting) indexedDB.deleteDatabase(name);
  return waiting;
}
async function forget() {
  const worker = navigator.serviceWorker?.controller, { port1, port2 } = new MessageChannel();
  if (worker) {
    const heard = new Promise((done) => { port1.onmessage = done; });
    worker.postMessage("leave", [port2]);
    await Promise.race([heard, new Promise((done) => setTimeout(done, 1000))]);
  }
  await window.caches?.delete(LIST);
}
async function leave(form) {
  const waiting = await unsent(`wuji-field:${form.dataset.leaving}`).catch(() => 0);
  if (waiting && !confirm(form.dataset.unsent.replace("{}", waiting))) return;
  await forget();
  form.submit();
}
document.addEventListener("submit", (event) => {
  if (!("leaving" in event.target.dataset)) return;
  event.preventDefault();
  leave(event.target);
});
if (location.pathname === "/login") window.caches?.delete(LIST);

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
// On a phone the menu is wider than the screen: where one is should be in sight.
const here = document.querySelector(".menu [aria-current]");
if (here) here.closest("nav").scrollLeft = here.offsetLeft + here.offsetWidth - here.closest("nav").offsetLeft - innerWidth / 2;
