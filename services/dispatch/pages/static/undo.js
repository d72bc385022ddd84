// The seconds that are left to take something back; without this script the server alone says when it is too late.
// The server's clock counts: what the page says of it is compared with our own when the page arrives.
function begin(form) {
  const ahead = Date.now() - Date.parse(form.dataset.now), until = Date.parse(form.dataset.until) + ahead;
  const said = form.querySelector("[data-left]"), button = form.querySelector("button");
  const count = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    if (left > 0) { said.textContent = form.dataset.said.replace("{n}", left); return; }
    clearInterval(ticking);
    button.disabled = true;
    said.textContent = form.dataset.over;
  };
  const ticking = setInterval(count, 500);
  count();
}
const all = (root) => { for (const form of root.querySelectorAll("form[data-until]:not([data-counts])")) { form.dataset.counts = ""; begin(form); } };
all(document);
document.body.addEventListener("htmx:afterSwap", () => all(document));
