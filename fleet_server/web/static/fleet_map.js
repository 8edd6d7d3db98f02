// The map reads the bench list beside it, so both always show the same benches.
import L from "leaflet";
import { drawRegency, regencyBounds } from "./regency.js";
import { words } from "./words.js";

const CROWD = 150; // benches above which dots are small

function readBenches() {
  return [...document.querySelectorAll("#benches [data-lat]:not([hidden])")].map((row) => ({
    id: row.dataset.bench,
    urgent: "attention" in row.dataset,
    look: `dot ${row.dataset.state}${"attention" in row.dataset ? " attention" : ""}`,
    label: `${row.dataset.name}: ${row.querySelector(".state").textContent}`,
    at: [Number(row.dataset.lat), Number(row.dataset.lon)],
  }));
}

// An element, because the library would read a string as HTML.
function plain(text) {
  const element = document.createElement("span");
  element.textContent = text;
  return element;
}

function layTiles(map, address) {
  const sketch = words("sketch");
  map.attributionControl.addAttribution(sketch);
  if (!address) return;
  L.tileLayer(address, { maxZoom: 19, attribution: "© OpenStreetMap" })
    .once("tileload", () => map.attributionControl.removeAttribution(sketch))
    .addTo(map);
}

function putDot(map, bench, radius) {
  const dot = L.circleMarker(bench.at, { radius, className: bench.look }).addTo(map);
  dot.on("click", () => location.assign(`/bangku/${bench.id}`));
  return dot.bindTooltip(plain(bench.label), { direction: "top", offset: [0, -6] });
}

function openMap(ground) {
  const map = L.map(ground, {
    zoomControl: false,
    zoomSnap: 0.25,
    minZoom: 8,
    maxBounds: [[-9.4, 109.2], [-6.8, 114]],
    fadeAnimation: false,
  });
  map.attributionControl.setPrefix(false);
  map.fitBounds(regencyBounds, { paddingTopLeft: [8, 8], paddingBottomRight: [8, 26], animate: false });
  L.control.zoom({ zoomInTitle: words("zoom_in"), zoomOutTitle: words("zoom_out") }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  drawRegency(map);
  layTiles(map, ground.dataset.tiles);
  return map;
}

// Shows the map and returns what brings its dots up to date.
export function startMap() {
  const ground = document.getElementById("map");
  if (!ground) return () => {};
  const map = openMap(ground);
  const dots = new Map();
  return () => {
    const benches = readBenches();
    const radius = benches.length > CROWD ? 5 : 8;
    const shown = new Map(benches.map((bench) => [bench.id, [bench.look, bench.label, bench.at, radius].join()]));
    for (const [id, { dot, drawn }] of dots) {
      if (shown.get(id) === drawn) continue;
      dot.remove();
      dots.delete(id);
    }
    const missing = benches.filter((bench) => !dots.has(bench.id));
    for (const bench of missing) dots.set(bench.id, { dot: putDot(map, bench, radius), drawn: shown.get(bench.id) });
    if (missing.length === 0) return;
    for (const bench of benches.filter((one) => one.urgent)) dots.get(bench.id).dot.bringToFront();
  };
}
