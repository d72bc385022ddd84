// What pages share that work where there is no network: pictures made small on the device, and an outbox that keeps
// what cannot be sent now, counts it visibly, and sends it once when the network is back.
{
  const LONGEST_SIDE = 1600, AGAIN_EVERY = 20_000;

  class Refused extends Error {}

  async function small(file) {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) });
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
  }

  async function post(address, body, type, key) {
    const headers = { "Content-Type": type, ...(key ? { "Idempotency-Key": key } : {}), ...(document.body.dataset.csrf ? { "X-CSRF-Token": document.body.dataset.csrf } : {}) };
    const answer = await fetch(address, { method: "POST", body, headers });
    // The phone was away for longer than its session: it asks for another, or a person does. Nothing is lost meanwhile.
    if (answer.status === 401) await fetch("/session", { method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: "renew=1" }).catch(() => {});
    if (answer.status >= 500 || answer.status === 429 || answer.status === 401) throw new TypeError("later");
    const found = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Refused(found.detail || `${answer.status}`);
    return found;
  }

  const photo = async (blob, area) => (await post(`/api/v1/photos?area=${area}`, blob, "image/jpeg")).reference;

  // `deliver(letter)` sends one letter {key, …} or throws: Refused for what will never be taken, anything else for later.
  // `changed(waiting)` hears how many wait; `sent(letter, answer)` and `refused(letter, error)` hear what became of each.
  function outbox(name, { deliver, changed, sent, refused }) {
    const store = window.idb.openDB(name, 1, { upgrade(made) { made.createObjectStore("outbox", { keyPath: "key" }); made.createObjectStore("draft"); } });
    let running = Promise.resolve();

    async function waiting() {
      return (await (await store).getAll("outbox")).filter((letter) => !letter.refused).length;
    }
    // One round after the other: two at once would send the same letter twice.
    const flush = () => (running = running.then(round, round));
    async function round() {
      try {
        const kept = await store;
        for (const letter of await kept.getAll("outbox")) {
          if (letter.refused) continue;
          try {
            const answer = await deliver(letter);
            await kept.delete("outbox", letter.key);
            await sent(letter, answer);
          } catch (error) {
            if (!(error instanceof Refused)) break; // no network: everything waits
            await kept.put("outbox", { ...letter, refused: error.message });
            refused(letter, error);
          }
        }
      } finally { changed(await waiting()); }
    }
    async function put(letter) {
      await (await store).put("outbox", { ...letter, at: Date.now() });
      await flush();
      return (await (await store).get("outbox", letter.key)) === undefined;
    }
    addEventListener("online", flush);
    setInterval(() => { if (navigator.onLine) flush(); }, AGAIN_EVERY);
    flush();
    return { store, put, flush, waiting };
  }

  window.device = { Refused, small, post, photo, outbox };
}
