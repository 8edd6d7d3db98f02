import uPlot from "uplot";

const COLOURS = ["#1c7c54", "#c77700", "#2b5fa8", "#8a3ffc"];
const DAYS = ["Min", "Sen", "Sel", "Rab", "Kam", "Jum", "Sab"];
const WIB_OFFSET_S = 7 * 3600; // bench time (SIG-R12), whatever zone the office computer is set to
const pad = (number) => String(number).padStart(2, "0");

function label(seconds) {
  const when = new Date((seconds + WIB_OFFSET_S) * 1000);
  return `${DAYS[when.getUTCDay()]} ${pad(when.getUTCHours())}.${pad(when.getUTCMinutes())}`;
}

function options(names, width) {
  return {
    width,
    height: 190,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Asia/Jakarta"),
    cursor: { drag: { x: true, y: false } },
    legend: { live: true },
    series: [
      { label: "WIB", value: (_, seconds) => (seconds == null ? "–" : label(seconds)) },
      ...names.map((name, index) => ({
        label: name,
        stroke: COLOURS[index],
        width: 2,
        spanGaps: false,
        value: (_, number) => (number == null ? "–" : number.toLocaleString("id-ID", { maximumFractionDigits: 1 })),
      })),
    ],
    axes: [
      { values: (_, ticks) => ticks.map((seconds) => (ticks.at(-1) - ticks[0] > 86400 ? label(seconds) : label(seconds).slice(4))), stroke: "#55605a", grid: { stroke: "#e7ece9" } },
      { stroke: "#55605a", size: 52, grid: { stroke: "#e7ece9" } },
    ],
  };
}

async function draw(figure) {
  const stage = figure.querySelector(".chart-stage");
  const width = stage.clientWidth;
  const answer = await fetch(figure.dataset.series, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  const { names, times_s: times, columns } = await answer.json();
  if (times.length === 0) {
    stage.textContent = "Belum ada data untuk rentang ini.";
    return;
  }
  if (figure.plot) {
    figure.plot.setData([times, ...columns]);
    return;
  }
  stage.textContent = "";
  figure.plot = new uPlot(options(names, width), [times, ...columns], stage);
  new ResizeObserver(() => figure.plot.setSize({ width: stage.clientWidth, height: 190 })).observe(stage);
}

export function startCharts() {
  const figures = [...document.querySelectorAll("figure[data-series]")];
  const refresh = () => {
    for (const figure of figures) {
      draw(figure).catch(() => {
        if (!figure.plot) figure.querySelector(".chart-stage").textContent = "Data tidak dapat dimuat. Coba muat ulang halaman.";
      });
    }
  };
  refresh();
  if (figures.length > 0) setInterval(refresh, 15000);
}
