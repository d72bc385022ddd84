// A case opens beside the list that it was chosen from; without this script its own page opens.
const drawer = document.getElementById("drawer");
let from = null;
document.body.addEventListener("htmx:beforeRequest", (event) => { if (event.detail.target?.id === "drawer-in") from = event.detail.elt; });
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "drawer-in") return;
  if (!drawer.open) drawer.showModal();
  drawer.scrollTop = 0;
});
drawer.addEventListener("click", (event) => { if (event.target === drawer) drawer.close(); });
drawer.addEventListener("close", () => { from?.focus(); });
