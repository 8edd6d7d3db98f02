// The SSE extension looks for htmx on window, so it must stand there before the extension is read.
import htmx from "htmx.org";

htmx.config.allowEval = false; // the content security policy forbids it anyway
htmx.config.includeIndicatorStyles = false; // would be an inline style
window.htmx = htmx;
