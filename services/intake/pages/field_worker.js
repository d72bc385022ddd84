// Keeps the pages of the street at hand where there is no network: their files for everybody, and the last list of the
// one who is signed in, until they sign out. What they write meanwhile waits in the page's own store.
const STORE = "wuji-field-{{ asset('intake/field.js').path|replace('/', '-') }}", LIST = "wuji-list";
const KEPT = [{% for name in ("vendor/pico.css", "tokens.css", "app.css", "intake/field.css", "vendor/htmx.js", "app.js", "vendor/idb.js", "device.js", "intake/field.js", "mark.svg") %}"{{ asset(name).path }}"{% if not loop.last %}, {% endif %}{% endfor %}];
const PAGES = { "/field": {}, "/field/solve": {}, "/checks": { "HX-Request": "true" } };

// Somebody signs out: what is still on its way is theirs, and is not kept.
let left = false;

async function keep(name, answer) {
  // Whoever has to sign in first is led elsewhere, and that is no list.
  if (left || answer.status !== 200 || answer.redirected) return;
  const list = await caches.open(LIST);
  if (left) await caches.delete(LIST);
  else await list.put(name, answer.clone());
}
async function kept(name) {
  const found = await caches.match(name, { cacheName: LIST, ignoreVary: true });
  if (!found) return null;
  const headers = new Headers(found.headers);
  headers.delete("Content-Length");
  return new Response((await found.text()).replace('id="kept" hidden', 'id="kept"'), { headers });
}
async function newest(request, name) {
  try {
    const answer = await fetch(request);
    if (answer.status >= 500) return (await kept(name)) ?? answer;
    if (!new URL(request.url).search) await keep(name, answer);
    return answer;
  } catch { return (await kept(name)) ?? Response.error(); }
}
async function first() {
  for (const [name, headers] of Object.entries(PAGES)) await keep(name, await fetch(name, { headers }));
}

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(STORE).then((store) => store.addAll(KEPT)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => Promise.all(names.filter((name) => name.startsWith("wuji-field-") && name !== STORE).map((name) => caches.delete(name))));
  event.waitUntil(old.then(() => self.clients.claim()).then(first));
});
self.addEventListener("fetch", (event) => {
  const { method, mode, headers, url } = event.request, { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== location.origin) return;
  if (mode === "navigate" && pathname in PAGES) left = false;
  if (KEPT.includes(pathname)) event.respondWith(caches.match(pathname).then((found) => found ?? fetch(event.request)));
  else if (pathname in PAGES && (pathname !== "/checks" || headers.has("HX-Request"))) event.respondWith(newest(event.request, pathname));
  else if (mode === "navigate") event.respondWith(fetch(event.request).catch(async () => (await kept("/field")) ?? Response.error()));
});
self.addEventListener("message", (event) => {
  if (event.data !== "leave") return;
  left = true;
  event.waitUntil(caches.delete(LIST).then(() => event.ports[0].postMessage("left")));
});
