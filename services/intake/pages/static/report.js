// One question at a time; photos made small on the device; what cannot be sent now waits and is sent once.
const form = document.getElementById("tell");
const say = form.dataset;
const steps = [...form.querySelectorAll("[data-step]")];
const marks = [...document.querySelectorAll("#steps li")];
const [back, next, send, told, outbox] = ["back", "next", "send", "told", "outbox"].map((id) => document.getElementById(id));
const shots = []; // { name, blob }

// --- one question at a time
let at = 0;
function show(wanted) {
  at = Math.min(Math.max(wanted, 0), steps.length - 1);
  steps.forEach((step, number) => { step.hidden = number !== at; });
  marks.forEach((mark, number) => { mark.classList.toggle("done", number < at); if (number === at) mark.setAttribute("aria-current", "step"); else mark.removeAttribute("aria-current"); });
  back.hidden = at === 0;
  next.hidden = at === steps.length - 1;
  send.hidden = !next.hidden;
  if (at === steps.length - 1) lookForAlike();
}
function isAnswered(step) {
  const open = [...step.querySelectorAll("[required]")].find((field) => !field.value.trim());
  if (open) { open.setAttribute("aria-invalid", "true"); open.focus(); open.reportValidity?.(); }
  return !open;
}
form.querySelectorAll("[data-script]").forEach((part) => { part.hidden = false; });
document.getElementById("steps").hidden = false;
next.addEventListener("click", () => { if (isAnswered(steps[at])) { show(at + 1); steps[at].querySelector("h2").focus(); keepDraft(); } });
back.addEventListener("click", () => { show(at - 1); steps[at].querySelector("h2").focus(); });
form.addEventListener("input", (event) => event.target.removeAttribute("aria-invalid"));
const wrong = form.querySelector(".error");
show(wrong ? steps.indexOf(wrong.closest("[data-step]")) : 0);

// --- photos
const camera = document.getElementById("camera");
const shown = document.getElementById("shots");
function draw() {
  shown.replaceChildren(...shots.map((shot, number) => {
    const line = document.createElement("li");
    const image = Object.assign(document.createElement("img"), { src: URL.createObjectURL(shot.blob), alt: `${number + 1}` });
    const away = Object.assign(document.createElement("button"), { type: "button", textContent: "×", ariaLabel: `${say.remove} ${number + 1}` });
    away.addEventListener("click", () => { shots.splice(number, 1); draw(); keepDraft(); });
    line.append(image, away);
    return line;
  }));
}
camera.addEventListener("change", async () => {
  told.textContent = say.taking;
  let failed = "";
  for (const file of [...camera.files].slice(0, Number(say.most) - shots.length)) {
    try { shots.push({ blob: await device.small(file) }); } catch { failed = say.failed; }
  }
  camera.value = "";
  told.textContent = failed;
  draw();
  keepDraft();
});

// --- the place
const where = document.getElementById("where");
async function choose(address) {
  const answer = await fetch(address).catch(() => null);
  if (answer?.ok) { where.innerHTML = await answer.text(); where.querySelector("select")?.focus(); }
  return Boolean(answer?.ok);
}
where.addEventListener("change", (event) => { if (event.target.matches("[data-places]") && event.target.value) choose(`/report/places?area=${event.target.value}`); });
where.addEventListener("click", (event) => { if (event.target.closest("[data-places-again]")) { event.preventDefault(); choose("/report/places"); } });
form.addEventListener("place", async ({ detail }) => {
  form.elements.lat.value = detail.lat;
  form.elements.lon.value = detail.lon;
  form.elements.accuracy.value = "";
  if (!(await choose(`/report/here?lat=${detail.lat}&lon=${detail.lon}`))) told.textContent = say.nowhere;
});
document.getElementById("locate").addEventListener("click", () => {
  navigator.geolocation.getCurrentPosition(async ({ coords }) => {
    form.elements.lat.value = coords.latitude.toFixed(6);
    form.elements.lon.value = coords.longitude.toFixed(6);
    form.elements.accuracy.value = Math.round(coords.accuracy);
    await choose(`/report/here?lat=${form.elements.lat.value}&lon=${form.elements.lon.value}`);
  }, () => { told.textContent = say.nowhere; }, { enableHighAccuracy: true, timeout: 10000 });
});

// --- what neighbours told already
const fields = () => new URLSearchParams(new FormData(form));
async function lookForAlike() {
  const part = document.getElementById("alike");
  const answer = await fetch("/report/alike", { method: "POST", body: fields() }).catch(() => null);
  if (answer?.ok) part.innerHTML = await answer.text();
}

// --- the draft survives closing the page
async function keepDraft() {
  const said = Object.fromEntries(fields());
  delete said._csrf;
  await (await store).put("draft", { said, shots: [...shots] }, "one");
}
async function bringDraft() {
  const kept = await (await store).get("draft", "one");
  if (!kept || form.elements.words.value) return;
  for (const name of ["words", "issue_type", "place", "name", "phone"]) if (kept.said[name]) form.elements[name].value = kept.said[name];
  shots.push(...kept.shots);
  draw();
}
form.addEventListener("change", () => keepDraft());

// --- sending: into the outbox first, then out of it, each with a key of its own so that nothing is sent twice
async function deliver(letter) {
  const photos = [];
  for (const shot of letter.shots) photos.push(await device.photo(shot.blob, letter.said.area));
  const said = new URLSearchParams({ ...letter.said, photos: photos.join(" "), key: letter.key });
  if (document.body.dataset.csrf) said.set("_csrf", document.body.dataset.csrf);
  const answer = await fetch("/report", { method: "POST", body: said, redirect: "follow" });
  if (answer.status >= 500 || answer.status === 429) throw new TypeError("later");
  if (!answer.ok || !answer.redirected) throw new device.Refused(String(answer.status));
  return answer.url;
}
let awaited = null; // the letter that its writer is looking at
const letters = device.outbox("wuji-report", {
  deliver,
  changed(waiting) { outbox.hidden = waiting === 0; outbox.textContent = `${say.kept}${waiting}`; },
  async sent(letter, receipt) {
    if (letter.key === awaited) { await (await store).delete("draft", "one"); location.assign(receipt); }
    else told.append(Object.assign(document.createElement("a"), { href: receipt, textContent: say.sent, className: "button plain" }));
  },
  refused(letter, error) { told.textContent = say.refused + error.message; },
});
const store = letters.store;
bringDraft();
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const open = steps.findIndex((step) => [...step.querySelectorAll("[required]")].some((field) => !field.value.trim()));
  if (open >= 0) { show(open); isAnswered(steps[open]); return; }
  send.disabled = true;
  const said = Object.fromEntries(fields());
  delete said._csrf;
  const key = crypto.randomUUID ? crypto.randomUUID() : said.key;
  awaited = key;
  const isSent = await letters.put({ key, said, shots: shots.map(({ blob }) => ({ blob })) });
  send.disabled = false;
  if (isSent) return;
  awaited = null;
  // Kept on the device: the form is free for the next one.
  await (await store).delete("draft", "one");
  form.reset();
  shots.length = 0;
  draw();
  show(0);
});
navigator.serviceWorker?.register(say.worker, { scope: "/report" }).catch(() => {});
