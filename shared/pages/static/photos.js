// Photos of a form: made small on the device, sent at once, and named in the form by what the server called them.
const LONGEST_SIDE = 1600;

async function small(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
}

async function send(blob, area) {
  const headers = { "Content-Type": "image/jpeg", "X-CSRF-Token": document.body.dataset.csrf ?? "" };
  const answer = await fetch(`/api/v1/photos?area=${area}`, { method: "POST", body: blob, headers });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()).reference;
}

document.addEventListener("change", async (event) => {
  const box = event.target.closest("[data-photos]");
  if (!box || event.target.type !== "file") return;
  const [named, shown, told] = [box.querySelector("input[type=hidden]"), box.querySelector("ul"), box.querySelector("[role=status]")];
  told.textContent = box.dataset.sending;
  let failed = "";
  for (const file of event.target.files) {
    try {
      const blob = await small(file);
      const reference = await send(blob, box.dataset.area);
      named.value = [...new Set([...named.value.split(" ").filter(Boolean), reference])].join(" ");
      const line = document.createElement("li");
      line.append(Object.assign(document.createElement("img"), { src: URL.createObjectURL(blob), alt: file.name }));
      shown.append(line);
    } catch { failed = box.dataset.failed; }
  }
  event.target.value = "";
  told.textContent = failed;
});
