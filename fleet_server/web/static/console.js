import "./htmx_global.js";
import "htmx-ext-sse";
import { startMap } from "./fleet_map.js";
import { startCharts } from "./charts.js";

startMap();
startCharts();
