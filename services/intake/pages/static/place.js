// A place on a map. Leaflet and the ground come when the map is opened; without either the lists below work as ever.
const opener = document.getElementById("on-map");
const picker = document.getElementById("picker");
const say = picker.dataset;
const ground = picker.querySelector(".picker-map");
const told = picker.querySelector("[role=status]");
const take = picker.querySelector("[data-take]");
const NAMES_FROM = 13; // at this zoom communities have room for their names
let map = null;
let layers = null;
let asked = 0;

function bring(tag, attributes) {
  return new Promise((done, failed) => {
    const part = Object.assign(document.createElement(tag), attributes, { onload: done, onerror: failed });
    document.head.append(part);
  });
}
async function start() {
  const [answer] = await Promise.all([
    fetch(say.ground),
    window.L ?? bring("script", { src: say.leaflet, integrity: say.leafletHash }),
    bring("link", { rel: "stylesheet", href: say.style, integrity: say.styleHash }),
  ]);
  if (!answer.ok) throw new Error(String(answer.status));
  draw(await answer.json());
}

// --- the ground
function draw(found) {
  const { L } = window;
  map = L.map(ground, { zoomControl: false, attributionControl: Boolean(say.approval), maxZoom: 18, minZoom: 9 });
  map.attributionControl?.setPrefix(false).addAttribution(say.approval);
  L.control.zoom({ zoomInTitle: say.nearer, zoomOutTitle: say.further }).addTo(map);
  if (say.tiles) L.tileLayer(say.tiles, { maxZoom: 18 }).addTo(map);
  const style = ({ properties }) => ({ className: `ground tier-${properties.tier}${say.tiles ? " over" : ""}`, weight: properties.tier === 2 ? 2.5 : 1 });
  layers = L.geoJSON(found, {
    interactive: false,
    style,
    pointToLayer: (feature, at) => L.circleMarker(at, { ...style(feature), radius: feature.properties.tier === 2 ? 7 : 4 }),
    onEachFeature: ({ properties }, layer) => layer.bindTooltip(properties.name, { permanent: true, direction: "center", className: `place-name tier-${properties.tier}`, interactive: false }),
  }).addTo(map);
  // Streets lie over their communities, so that their edges show.
  layers.eachLayer((layer) => { if (layer.feature.properties.tier === 3) layer.bringToBack?.(); });
  const names = () => ground.classList.toggle("near", map.getZoom() >= NAMES_FROM);
  map.on("zoomend", names);
  map.on("moveend", look);
  map.on("click", ({ latlng }) => map.panTo(latlng));
  map.on("movestart", () => { take.disabled = true; });
  const here = chosen();
  if (here?.lat) map.setView(here, 16);
  else if (here) map.fitBounds(here.pad(0.1));
  else if (layers.getLayers().length) map.fitBounds(layers.getBounds());
  else throw new Error("there is no ground to show");
  names();
}
function chosen() {
  const form = picker.closest("form");
  const { lat, lon, area } = Object.fromEntries(new FormData(form));
  if (lat && lon) return { lat: Number(lat), lng: Number(lon) };
  const own = layers.getLayers().filter((layer) => isIn(area, layer)).at(-1);
  return own ? own.getBounds?.() ?? own.getLatLng() : null;
}
const isIn = (area, { feature }) => `${area}.`.startsWith(`${feature.properties.path}.`);

// --- what is under the cross, in words
let waiting = 0;
function look() {
  clearTimeout(waiting);
  waiting = setTimeout(async () => {
    const mine = ++asked;
    const { lat, lng } = map.getCenter();
    const answer = await fetch(`${say.where}?lat=${lat.toFixed(6)}&lon=${lng.toFixed(6)}`).catch(() => null);
    if (mine !== asked) return;
    const found = answer?.ok ? await answer.json() : null;
    take.disabled = !found?.area;
    layers.eachLayer((layer) => layer.getElement()?.classList.toggle("here", Boolean(found?.area) && isIn(found.area, layer)));
    told.textContent = !found ? say.lost : found.area ? found.names.join(" › ") : say.nowhere;
  }, 250);
}

// --- open, take, close
function close() {
  picker.hidden = true;
  opener.setAttribute("aria-expanded", "false");
}
opener.addEventListener("click", async () => {
  if (!picker.hidden) { close(); return; }
  picker.hidden = false;
  opener.setAttribute("aria-expanded", "true");
  try {
    if (map) map.invalidateSize(); else { told.textContent = say.opening; await start(); }
    ground.focus({ preventScroll: true });
    picker.scrollIntoView({ block: "nearest" });
  } catch {
    map?.remove();
    map = null;
    told.textContent = say.lost;
  }
});
function choose() {
  if (take.disabled) return;
  const { lat, lng } = map.getCenter();
  close();
  opener.focus();
  picker.dispatchEvent(new CustomEvent("place", { bubbles: true, detail: { lat: lat.toFixed(6), lon: lng.toFixed(6) } }));
}
take.addEventListener("click", choose);
ground.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target === ground) { event.preventDefault(); choose(); } });
picker.addEventListener("keydown", (event) => { if (event.key === "Escape") { close(); opener.focus(); } });
