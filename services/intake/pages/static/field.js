// In the street: nearest first, and what was put right at once is sent when there is a network, never lost, never twice.
const badge = document.getElementById("outbox");
const form = document.getElementById("solve");
const told = document.getElementById("told");

async function deliver(letter) {
  const { area, place, title, issue_type, answer } = letter.said;
  const named = {};
  for (const side of ["before", "after"]) {
    named[side] = [];
    for (const blob of letter[side]) named[side].push(await device.photo(blob, area));
    named[side] = [...new Set(named[side])];
  }
  const item = { client_id: letter.key, captured_at: letter.captured_at, title, words: title, issue_type, area, photos: named.before, self_handled: { answer, before: named.before, after: named.after } };
  if (place) item.place = place;
  if (letter.point) item.point = letter.point;
  const body = JSON.stringify({ items: [item], sent_at: new Date().toISOString() });
  const [result] = (await device.post("/api/v1/field/reports", body, "application/json")).items;
  if (result.result === "invalid") throw new device.Refused(result.detail);
  return result;
}
function say(kind, text) {
  if (told) told.replaceChildren(Object.assign(document.createElement("p"), { className: `note ${kind}`, textContent: text }));
}
// Each has a queue of their own: what one leaves unsent is not sent by the next one to sign in here.
const { account } = document.querySelector("[data-account]").dataset;
const letters = device.outbox(`wuji-field:${account}`, {
  deliver,
  changed(waiting) { badge.hidden = waiting === 0; badge.textContent = `${badge.dataset.kept}${waiting}`; },
  sent(_, result) { say("good", `${form?.dataset.sent ?? ""} ${result.number ?? ""}`); },
  refused(_, error) { say("bad", `${form?.dataset.refused ?? ""}${error.message}`); },
});

if (form) {
  const shots = { before: [], after: [] };
  const draw = (side) => {
    const list = form.querySelector(`[data-side="${side}"] ul`);
    list.replaceChildren(...shots[side].map((blob, number) => {
      const line = document.createElement("li");
      const away = Object.assign(document.createElement("button"), { type: "button", textContent: "×", ariaLabel: `${form.dataset.remove} ${number + 1}` });
      away.addEventListener("click", () => { shots[side].splice(number, 1); draw(side); });
      line.append(Object.assign(document.createElement("img"), { src: URL.createObjectURL(blob), alt: `${number + 1}` }), away);
      return line;
    }));
  };
  form.addEventListener("change", async (event) => {
    const side = event.target.closest("[data-side]")?.dataset.side;
    if (!side || event.target.type !== "file") return;
    for (const file of [...event.target.files].slice(0, Number(form.dataset.most) - shots[side].length)) shots[side].push(await device.small(file));
    event.target.value = "";
    draw(side);
  });
  let point = null;
  navigator.geolocation?.getCurrentPosition(({ coords }) => { point = { lat: coords.latitude, lon: coords.longitude, accuracy: coords.accuracy }; }, () => {}, { enableHighAccuracy: true, timeout: 10000 });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const open = [...form.querySelectorAll("[required]")].find((field) => !field.value.trim());
    if (open || !shots.before.length || !shots.after.length) { say("bad", form.dataset.missing); (open ?? form.querySelector("input[type=file]")).focus(); return; }
    const said = Object.fromEntries(new FormData(form));
    const letter = { key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, said, point, captured_at: new Date().toISOString(), before: [...shots.before], after: [...shots.after] };
    const isSent = await letters.put(letter);
    const kept = await (await letters.store).get("outbox", letter.key);
    if (kept?.refused) return;
    if (!isSent) say("warn", form.dataset.saved);
    form.reset();
    for (const side of ["before", "after"]) { shots[side].length = 0; draw(side); }
    told.scrollIntoView({ block: "nearest" });
  });
}

navigator.serviceWorker?.register("/field/worker.js", { scope: "/field" }).catch(() => {});

// --- nearest first
const near = document.getElementById("near");
if (near && navigator.geolocation) {
  const words = document.getElementById("field").dataset;
  const metres = (here, there) => Math.hypot((here.latitude - there.lat) * 111_320, (here.longitude - there.lon) * 111_320 * Math.cos(here.latitude * Math.PI / 180));
  near.hidden = false;
  near.addEventListener("click", () => navigator.geolocation.getCurrentPosition(({ coords }) => {
    for (const list of document.querySelectorAll("[data-by-distance]")) {
      const items = [...list.children].map((line) => ({ line, far: line.dataset.lat ? metres(coords, { lat: Number(line.dataset.lat), lon: Number(line.dataset.lon) }) : Infinity }));
      for (const { line, far } of items.sort((one, other) => one.far - other.far)) {
        const text = far < 1000 ? words.metres.replace("{}", Math.round(far)) : words.kilometres.replace("{}", (far / 1000).toFixed(1));
        line.querySelector(".far").textContent = Number.isFinite(far) ? text : "";
        list.append(line);
      }
    }
  }, () => { document.getElementById("near-told").textContent = words.nowhere; }, { enableHighAccuracy: true, timeout: 10000 }));
}
