import "./htmx_global.js";
import "htmx-ext-sse";
import { watchConnection } from "./connection.js";
import { startCharts } from "./charts.js";
import { startList } from "./fleet_list.js";
import { startMap } from "./fleet_map.js";
import { startUpload } from "./upload.js";

watchConnection();
startList(startMap());
startCharts();
startUpload();
