// Photos of a form: made small on the device, sent at once, and named in the form by what the server called them.
document.addEventListener("change", async (event) => {
  const box = event.target.closest("[data-photos]");
  if (!box || event.target.type !== "file") return;
  const [named, shown, told] = [box.querySelector("input[type=hidden]"), box.querySelector("ul"), box.querySelector("[role=status]")];
  told.textContent = box.dataset.sending;
  let failed = "";
  for (const file of event.target.files) {
    try {
      const blob = await device.small(file);
      const reference = await device.photo(blob, box.dataset.area);
      named.value = [...new Set([...named.value.split(" ").filter(Boolean), reference])].join(" ");
      const line = document.createElement("li");
      line.append(Object.assign(document.createElement("img"), { src: URL.createObjectURL(blob), alt: file.name }));
      shown.append(line);
    } catch { failed = box.dataset.failed; }
  }
  event.target.value = "";
  told.textContent = failed;
});
