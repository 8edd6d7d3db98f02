// Tells when the page has lost the server, and leads to sign-in when the session has ended.
import htmx from "htmx.org";

const PATIENCE_MS = 4500; // a stream that ends on purpose comes back after three seconds
const CHECK_MS = 5000;
let waiting;
let checking;

export function reportFine() {
  clearTimeout(waiting);
  clearInterval(checking);
  waiting = checking = undefined;
  document.getElementById("connection").hidden = true;
}

export function reportLost() {
  if (waiting !== undefined) return;
  waiting = setTimeout(() => (document.getElementById("connection").hidden = false), PATIENCE_MS);
  checking = setInterval(check, CHECK_MS);
  check();
}

// An event stream does not tell why it was refused, so ask a plain question.
async function check() {
  const answer = await fetch("/api/v1/me").catch(() => undefined);
  if (answer) signInIfAsked(answer.status);
  if (answer?.ok && !document.querySelector("[sse-connect]")) reportFine();
}

export function signInIfAsked(status) {
  if (status === 401) location.assign(`/masuk?ke=${encodeURIComponent(location.pathname + location.search)}`);
}

export function watchConnection() {
  const { body } = document;
  htmx.on(body, "htmx:sseOpen", reportFine);
  htmx.on(body, "htmx:sseError", reportLost);
  htmx.on(body, "htmx:afterRequest", (event) => (event.detail.failed ? reportLost() : reportFine()));
}
