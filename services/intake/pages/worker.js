// Keeps the form at hand where there is no network. What is told meanwhile waits in the page's own store.
const STORE = "wuji-report-{{ asset('intake/report.js').path|replace('/', '-') }}";
const KEPT = ["/report", {% for name in ("vendor/pico.css", "tokens.css", "app.css", "intake/report.css", "vendor/htmx.js", "app.js", "vendor/idb.js", "device.js", "intake/report.js", "intake/place.js", "mark.svg") %}"{{ asset(name).path }}"{% if not loop.last %}, {% endif %}{% endfor %}];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(STORE).then((store) => store.addAll(KEPT)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => Promise.all(names.filter((name) => name.startsWith("wuji-report-") && name !== STORE).map((name) => caches.delete(name))));
  event.waitUntil(old.then(() => self.clients.claim()));
});
self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== location.origin) return;
  if (KEPT.includes(address.pathname) && address.pathname !== "/report") {
    event.respondWith(caches.match(address.pathname).then((kept) => kept || fetch(event.request)));
  } else if (address.pathname === "/report") {
    // The newest form while there is a network, the kept one where there is none.
    event.respondWith(fetch(event.request).catch(() => caches.match("/report")));
  }
});
