// A plain sketch of the regency under the benches, for when there are no map tiles.
import L from "leaflet";
import regency from "./regency.json";
import { words } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const SOUTH_WEST = [-9.6, 108];
const NORTH_EAST = [-6.6, 114.3];
const BOX = L.latLngBounds(SOUTH_WEST, NORTH_EAST);
const UNITS = 12; // zoom level whose pixels are the units of the drawing

export const regencyBounds = L.latLngBounds(
  [...regency.coast, ...regency.border].map(([lon, lat]) => [lat, lon]),
);

function projectIn(origin) {
  return ([lon, lat]) => {
    const point = L.CRS.EPSG3857.latLngToPoint(L.latLng(lat, lon), UNITS).subtract(origin);
    return [point.x, point.y];
  };
}

const middle = ([ax, ay], [bx, by]) => [(ax + bx) / 2, (ay + by) / 2];
const spell = (point) => point.map((part) => part.toFixed(1)).join(" ");

// A curve that bends at each point instead of breaking there.
function roundPath(points) {
  const bends = points.map((point, index) => {
    const next = points[(index + 1) % points.length];
    return `Q${spell(point)} ${spell(middle(point, next))}`;
  });
  return `M${spell(middle(points.at(-1), points[0]))}${bends.join("")}Z`;
}

// The part of a convex polygon that is nearer to one centre than to another.
function nearer(polygon, [ax, ay], [bx, by]) {
  const side = ([x, y]) => (x - (ax + bx) / 2) * (bx - ax) + (y - (ay + by) / 2) * (by - ay);
  return polygon.flatMap((point, index) => {
    const next = polygon[(index + 1) % polygon.length];
    const [here, there] = [side(point), side(next)];
    const cut = here / (here - there);
    const crossing = [point[0] + cut * (next[0] - point[0]), point[1] + cut * (next[1] - point[1])];
    return [...(here <= 0 ? [point] : []), ...(here <= 0 !== there <= 0 ? [crossing] : [])];
  });
}

function make(name, attributes, children = []) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function drawGround() {
  const origin = L.CRS.EPSG3857.latLngToPoint(BOX.getNorthWest(), UNITS);
  const size = L.CRS.EPSG3857.latLngToPoint(BOX.getSouthEast(), UNITS).subtract(origin);
  const project = projectIn(origin);
  const coast = [...regency.coast_west, ...regency.coast, ...regency.coast_east].map(project);
  const outline = roundPath([...regency.coast, ...regency.border].map(project));
  const centres = regency.kecamatan.map(({ lon, lat }) => project([lon, lat]));
  const frame = [[0, 0], [size.x, 0], [size.x, size.y], [0, size.y]];
  const cells = centres.map((centre, index) => {
    const others = centres.filter((_, other) => other !== index);
    const cell = others.reduce((polygon, other) => nearer(polygon, centre, other), frame);
    return make("path", { class: `cell tint-${index % 4}`, d: `M${cell.map(spell).join("L")}Z` });
  });
  const land = `M0 0L${coast.map(spell).join("L")}L${size.x} 0Z`;
  return make("svg", { viewBox: `0 0 ${size.x} ${size.y}`, preserveAspectRatio: "none" }, [
    make("defs", {}, [make("clipPath", { id: "regency-area" }, [make("path", { d: outline })])]),
    make("path", { class: "neighbours", d: land }),
    make("g", { "clip-path": "url(#regency-area)" }, cells),
    make("path", { class: "regency", d: outline }),
  ]);
}

function label(text, { lat, lon }, look) {
  const element = document.createElement("span");
  element.textContent = text;
  const icon = L.divIcon({ className: `map-label ${look}`, html: element, iconSize: null });
  return L.marker([lat, lon], { icon, pane: "sketch-labels", interactive: false, keyboard: false });
}

export function drawRegency(map) {
  map.createPane("sketch").style.zIndex = 150; // under the tiles, which hide it when they come
  map.createPane("sketch-labels").style.zIndex = 160;
  L.svgOverlay(drawGround(), BOX, { pane: "sketch" }).addTo(map);
  for (const one of regency.kecamatan) label(one.name, one, "kecamatan").addTo(map);
  for (const one of regency.neighbours) label(one.name, one, "neighbour").addTo(map);
  label(words("sea"), regency.sea, "sea").addTo(map);
  const near = () => map.getContainer().classList.toggle("far", map.getZoom() < 10);
  map.on("zoomend", near);
  near();
}
