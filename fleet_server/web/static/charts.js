// Charts of one bench; times are bench time (SIG-R12), whatever zone the office computer is set to.
import uPlot from "uplot";
import { reportFine, reportLost, signInIfAsked } from "./connection.js";
import { locale, words } from "./words.js";

const ZONE = "Asia/Jakarta";
const HEIGHT = 180;
const REFRESH_MS = 15000;
const DAY_S = 86400;
const clock = new Intl.DateTimeFormat(locale, { timeZone: ZONE, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(locale, { timeZone: ZONE, weekday: "short", day: "numeric" });
const date = new Intl.DateTimeFormat(locale, { timeZone: ZONE, day: "numeric", month: "short" });
const moment = (seconds) => `${date.format(seconds * 1000)} ${clock.format(seconds * 1000)} WIB`;
const number = (value) => value.toLocaleString(locale, { maximumFractionDigits: 1 });

const looks = {
  baterai: { range: { range: [0, 100] }, fill: true },
  pemutaran: { range: { range: (_, low, high) => [0, Math.max(high, 1)] }, bars: true },
};
const fromZero = { range: (_, low, high) => [0, Math.max(high * 1.1, 1)] };

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function spellTicks(_, ticks) {
  const days = ticks.at(-1) - ticks[0] > DAY_S;
  return ticks.map((seconds) => (days ? day : clock).format(seconds * 1000));
}

function lineOf(name, index, unit, look) {
  const stroke = colour(`--line-${index + 1}`);
  return {
    label: name,
    stroke,
    width: 2,
    spanGaps: false,
    points: { show: false },
    fill: look.fill || look.bars ? `${stroke}33` : undefined,
    paths: look.bars ? uPlot.paths.bars({ size: [0.8, 40], align: 1 }) : undefined,
    value: (_, value) => (value == null ? "–" : `${number(value)} ${unit}`),
  };
}

function options(figure, width) {
  const { chart, unit, lines } = figure.dataset;
  const look = looks[chart] ?? {};
  const axis = { stroke: () => colour("--soft"), grid: { stroke: () => colour("--line"), width: 1 }, ticks: { show: false } };
  return {
    width,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), ZONE),
    scales: { x: { range: () => figure.span }, y: look.range ?? fromZero },
    cursor: { drag: { x: false, y: false }, y: false },
    series: [
      { label: "WIB", value: (_, seconds) => (seconds == null ? "–" : moment(seconds)) },
      ...JSON.parse(lines).map((name, index) => lineOf(name, index, unit, look)),
    ],
    axes: [{ ...axis, values: spellTicks, space: 84, size: 24 }, { ...axis, size: 40 }],
    hooks: { setCursor: [showNewest], setData: [showNewest] },
  };
}

// Without a pointer over the chart its legend tells the newest measurement.
function showNewest(plot) {
  if (plot.cursor.idx != null && plot.cursor.left >= 0) return;
  const newest = plot.data[1].findLastIndex((value) => value != null);
  if (newest >= 0 && plot.legend.idx !== newest) plot.setLegend({ idx: newest }, false);
}

function say(stage, text) {
  const note = document.createElement("p");
  note.className = "empty";
  note.textContent = text;
  stage.replaceChildren(note);
}

async function draw(figure) {
  const stage = figure.querySelector(".chart-stage");
  const answer = await fetch(figure.dataset.series, { headers: { Accept: "application/json" } });
  signInIfAsked(answer.status);
  if (!answer.ok) throw new Error(String(answer.status));
  const { start_s: start, end_s: end, times_s: times, columns } = await answer.json();
  figure.span = [start, end];
  if (!columns.flat().some((value) => value != null)) {
    figure.plot?.destroy();
    figure.plot = undefined;
    say(stage, words("no_data"));
  } else if (figure.plot) {
    figure.plot.setData([times, ...columns]);
  } else {
    stage.replaceChildren();
    figure.plot = new uPlot(options(figure, stage.clientWidth), [times, ...columns], stage);
  }
}

async function refresh(figures) {
  const drawn = await Promise.allSettled(figures.map(draw));
  drawn.every((one) => one.status === "fulfilled") ? reportFine() : reportLost();
  for (const figure of figures.filter((one, index) => drawn[index].status === "rejected" && !one.plot)) {
    say(figure.querySelector(".chart-stage"), words("load_failed"));
  }
}

export function startCharts() {
  const figures = [...document.querySelectorAll("figure[data-series]")];
  if (figures.length === 0) return;
  const widths = new ResizeObserver((entries) => {
    for (const { target } of entries) target.parentElement.plot?.setSize({ width: target.clientWidth, height: HEIGHT });
  });
  for (const figure of figures) widths.observe(figure.querySelector(".chart-stage"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => location.reload());
  refresh(figures);
  setInterval(() => refresh(figures), REFRESH_MS);
}
