// The map reads the bench list beside it, so both always show the same state.
import L from "leaflet";

const COLOURS = { online: "#1c7c54", asleep: "#5b6b9a", offline: "#b3402e", unknown: "#7a7f87" };

function drawGrid(map) {
  // Without tiles a quiet grid gives the eye a scale.
  map.createPane("grid").style.zIndex = 300; // under the markers
  const grid = L.layerGroup().addTo(map);
  const redraw = () => {
    grid.clearLayers();
    const bounds = map.getBounds();
    const step = [0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10].find(
      (size) => (bounds.getEast() - bounds.getWest()) / size < 10,
    ) ?? 30;
    const style = { color: "#cfd8d3", weight: 1, interactive: false, pane: "grid" };
    for (let lon = Math.floor(bounds.getWest() / step) * step; lon < bounds.getEast(); lon += step) {
      grid.addLayer(L.polyline([[bounds.getSouth(), lon], [bounds.getNorth(), lon]], style));
    }
    for (let lat = Math.floor(bounds.getSouth() / step) * step; lat < bounds.getNorth(); lat += step) {
      grid.addLayer(L.polyline([[lat, bounds.getWest()], [lat, bounds.getEast()]], style));
    }
  };
  map.on("moveend zoomend", redraw);
  redraw();
}

function readBenches() {
  return [...document.querySelectorAll("#benches [data-lat]")].map((row) => ({
    id: row.dataset.bench,
    name: row.dataset.name,
    state: row.dataset.state,
    stateText: row.dataset.stateText,
    at: [Number(row.dataset.lat), Number(row.dataset.lon)],
  }));
}

export function startMap() {
  const ground = document.getElementById("map");
  if (!ground) return;
  const map = L.map(ground, { zoomControl: true, attributionControl: Boolean(ground.dataset.tiles) });
  map.setView([-8.05, 111.71], 11);
  if (ground.dataset.tiles) {
    L.tileLayer(ground.dataset.tiles, { maxZoom: 19, attribution: "© OpenStreetMap" }).addTo(map);
  }
  L.control.scale({ imperial: false }).addTo(map);
  drawGrid(map);
  const markers = new Map();
  let fitted = false;
  const update = () => {
    const benches = readBenches();
    for (const bench of benches) {
      const style = { radius: 9, weight: 3, color: "#fff", fillOpacity: 1, fillColor: COLOURS[bench.state] ?? COLOURS.unknown };
      let marker = markers.get(bench.id);
      if (!marker) {
        marker = L.circleMarker(bench.at, style).addTo(map);
        marker.on("click", () => window.location.assign(`/bangku/${bench.id}`));
        markers.set(bench.id, marker);
      }
      marker.setLatLng(bench.at).setStyle(style);
      marker.unbindTooltip();
      const label = document.createElement("span");
      label.textContent = `${bench.name}: ${bench.stateText}`;
      marker.bindTooltip(label);
    }
    for (const [id, marker] of markers) {
      if (!benches.some((bench) => bench.id === id)) {
        marker.remove();
        markers.delete(id);
      }
    }
    if (!fitted && benches.length > 0) {
      fitted = true;
      map.fitBounds(L.latLngBounds(benches.map((bench) => bench.at)).pad(0.3), { maxZoom: 15, animate: false });
    }
  };
  update();
  document.body.addEventListener("htmx:sseMessage", update);
}
