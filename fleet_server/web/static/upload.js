// Upload of a film with its progress; without this script the form is an ordinary one.
import htmx from "htmx.org";
import { signInIfAsked } from "./connection.js";
import { words } from "./words.js";

function send(form, tell) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", form.dataset.api);
    request.responseType = "json";
    request.setRequestHeader("x-csrf-token", form.elements.csrf_token.value);
    request.upload.addEventListener("progress", ({ loaded, total }) => tell(loaded / total));
    request.addEventListener("error", () => reject(new Error(words("send_failed"))));
    request.addEventListener("load", () => {
      signInIfAsked(request.status);
      if (request.status < 300) resolve();
      else reject(new Error(request.response?.detail ?? words("send_failed")));
    });
    request.send(new FormData(form));
  });
}

function complain(form, text) {
  const old = form.parentElement.querySelector(".wrong");
  const note = old ?? document.createElement("p");
  note.className = "wrong";
  note.setAttribute("role", "alert");
  note.textContent = text;
  note.hidden = text === "";
  if (!old) form.before(note);
}

function dress(form) {
  const { film } = form.elements;
  const drop = form.querySelector(".drop");
  const name = document.getElementById("film-name");
  const invitation = name.textContent;
  film.classList.add("unseen");
  for (const element of drop.querySelectorAll("[hidden]")) element.hidden = false;
  const show = () => {
    name.textContent = film.files[0]?.name ?? invitation;
    drop.classList.toggle("filled", film.files.length > 0);
  };
  const over = (event) => {
    event.preventDefault();
    drop.classList.toggle("over", event.type === "dragover");
  };
  film.addEventListener("change", show);
  form.addEventListener("reset", () => setTimeout(show));
  drop.addEventListener("dragover", over);
  drop.addEventListener("dragleave", over);
  drop.addEventListener("drop", (event) => {
    over(event);
    film.files = event.dataTransfer.files;
    show();
  });
}

export function startUpload() {
  const form = document.getElementById("upload");
  if (!form) return;
  dress(form);
  const sending = document.getElementById("sending");
  const bar = sending.querySelector("progress");
  const text = document.getElementById("sending-text");
  const button = form.querySelector("button");
  const tell = (part) => {
    bar.value = Math.floor(part * 100);
    text.textContent = part < 1 ? words("sending", { part: `${bar.value} %` }) : words("checking");
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    complain(form, "");
    sending.hidden = bar.hidden = false;
    button.disabled = true;
    tell(0);
    try {
      await send(form, tell);
      form.reset();
      text.textContent = words("sent");
      htmx.trigger("#films", "changed");
    } catch (error) {
      text.textContent = "";
      complain(form, error.message);
    }
    bar.hidden = true;
    button.disabled = false;
  });
}
