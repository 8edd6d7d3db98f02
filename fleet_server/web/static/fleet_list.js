// Keeps the list of benches in order, filtered as asked; the address remembers the filter.
import htmx from "htmx.org";
import { locale, words } from "./words.js";

const { compare } = new Intl.Collator(locale);
const matches = {
  "": () => true,
  attention: (row) => "attention" in row.dataset,
};

function readFilter() {
  const asked = new URLSearchParams(location.search);
  return { text: asked.get("cari") ?? "", state: asked.get("keadaan") ?? "" };
}

function keepFilter(filter) {
  const asked = new URLSearchParams();
  if (filter.text) asked.set("cari", filter.text);
  if (filter.state) asked.set("keadaan", filter.state);
  const query = String(asked);
  history.replaceState(null, "", query ? `?${query}` : location.pathname);
}

function sortRows(list) {
  const rows = [...list.children];
  const sorted = [...rows].sort((a, b) => a.dataset.rank - b.dataset.rank || compare(a.dataset.name, b.dataset.name));
  if (sorted.some((row, index) => row !== rows[index])) list.append(...sorted);
}

function showMatching(list, filter) {
  const wanted = filter.text.trim().toLocaleLowerCase(locale);
  const fits = matches[filter.state] ?? ((row) => row.dataset.state === filter.state);
  let shown = 0;
  for (const row of list.children) {
    row.hidden = !(fits(row) && row.textContent.toLocaleLowerCase(locale).includes(wanted));
    shown += row.hidden ? 0 : 1;
  }
  return shown;
}

export function startList(afterChange) {
  const form = document.getElementById("filter");
  if (!form) return;
  const find = document.getElementById("find");
  const filter = readFilter();
  find.value = filter.text;
  const arrange = () => {
    const list = document.getElementById("benches");
    const focused = document.activeElement; // moving a row would take the focus away
    sortRows(list);
    if (list.contains(focused)) focused.focus({ preventScroll: true });
    const total = list.children.length;
    const shown = showMatching(list, filter);
    document.getElementById("none").hidden = shown > 0 || total === 0;
    document.getElementById("shown").textContent =
      shown === total ? "" : words("shown", { shown: shown.toLocaleString(locale), total: total.toLocaleString(locale) });
    for (const tile of document.querySelectorAll("[data-filter]")) {
      tile.setAttribute("aria-pressed", tile.dataset.filter === filter.state);
    }
    afterChange();
  };
  const change = (part) => {
    Object.assign(filter, part);
    keepFilter(filter);
    arrange();
  };
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  find.addEventListener("input", () => change({ text: find.value }));
  document.addEventListener("click", (event) => {
    const tile = event.target.closest("[data-filter]");
    if (tile) change({ state: tile.dataset.filter === filter.state ? "" : tile.dataset.filter });
  });
  document.getElementById("all").addEventListener("click", () => {
    find.value = "";
    change({ text: "", state: "" });
    find.focus();
  });
  htmx.on(document.body, "htmx:sseMessage", arrange);
  arrange();
}
