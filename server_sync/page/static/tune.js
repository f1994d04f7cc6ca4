// Tune while somebody looks: handles that are dragged, fields that count up and down, and a preview that follows.
// Without this file every value is a plain field, and a button shows the same.

const WAIT_MS = 100;
const form = document.getElementById("tune");
const named = (name) => form.elements.namedItem(name);
let waiting = 0;
let asking = null;

document.body.classList.add("scripted");
form.querySelectorAll(".stepper").forEach(addButtons);
named("look_at")?.addEventListener("change", () => form.requestSubmit(form.querySelector("[value=look]")));
form.addEventListener("input", (event) => {
  if (event.target.name === "look_at") return;
  showSuccess();
  moveHandles(event.target.name);
  askSoon();
});
addDragging();

function askSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(ask, WAIT_MS);
}

async function ask() {
  asking?.abort();
  asking = new AbortController();
  try {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.dataset.preview, { method: "POST", body, signal: asking.signal, redirect: "error" });
    if (!answer.ok) throw new Error(answer.statusText);
    follow(new DOMParser().parseFromString(await answer.text(), "text/html"));
    document.getElementById("lost").hidden = true;
  } catch (reason) {
    if (reason.name !== "AbortError") document.getElementById("lost").hidden = false; // the old picture stays
  }
}

function follow(told) {
  for (const id of ["drawn", "asked", "price", "changed"]) {
    const [old, now] = [document.getElementById(id), told.getElementById(id)];
    if (old && now) old.replaceChildren(...now.childNodes);
  }
  const summary = document.getElementById("summary");
  summary.textContent = told.getElementById("summary").textContent;
  const said = new Map([...told.querySelectorAll("#problems li")].map((line) => [line.dataset.field, line]));
  for (const knob of form.querySelectorAll(".knob")) mark(knob, said.get(knob.querySelector("[name]").name));
}

function mark(knob, line) {
  knob.classList.toggle("changed", Boolean(line?.dataset.was));
  knob.classList.toggle("wrong", Boolean(line?.textContent));
  replaceNote(knob.querySelector(".knob-words"), "span", "was", line?.dataset.was, knob.querySelector(".knob-words .small"));
  replaceNote(knob, "p", "why-not", line?.textContent, null);
}

function replaceNote(place, tag, kind, words, before) {
  if (!place) return;
  place.querySelector(`:scope > .${kind}`)?.remove();
  if (!words) return;
  const note = document.createElement(tag);
  note.className = kind;
  note.textContent = words;
  place.insertBefore(note, before);
}

function showSuccess() {
  const slider = document.getElementById("f-success");
  document.getElementById("success-shown").textContent = slider.dataset.said.replace("#", slider.value);
}

function addButtons(stepper) {
  const input = stepper.querySelector("input");
  for (const [sign, side] of [[-1, "prepend"], [1, "append"]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.tabIndex = -1; // the arrow keys do the same in the field
    button.textContent = sign < 0 ? "−" : "+";
    button.setAttribute("aria-label", `${button.textContent} ${input.labels[0].textContent}`);
    button.addEventListener("click", () => step(input, sign));
    stepper[side](button);
  }
  input.addEventListener("keydown", (event) => {
    const sign = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!sign) return;
    event.preventDefault();
    step(input, sign);
  });
}

function step(input, sign) {
  const { low, high } = input.dataset;
  const from = input.value.trim() === "" ? Number(input.name.endsWith("ceiling") ? high : low) : numberIn(input);
  if (!Number.isNaN(from)) set(input, from + sign * Number(input.dataset.step));
}

// Fields are of text: one for numbers would send what is mistyped as nothing, which takes a bound away.
function numberIn(input) {
  return Number(input.value.replace(",", "."));
}

function set(input, value) {
  const within = Math.min(Number(input.dataset.high), Math.max(Number(input.dataset.low), value));
  const places = (input.dataset.step.split(".")[1] || "").length;
  input.value = String(Number(within.toFixed(places)));
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

function addDragging() {
  const figure = document.getElementById("figure");
  for (const handle of figure.querySelectorAll(".handle")) {
    const input = named(handle.dataset.field);
    handle.addEventListener("keydown", (event) => {
      const small = Number(input.dataset.step);
      const by = { ArrowUp: small, ArrowRight: small, ArrowDown: -small, ArrowLeft: -small, PageUp: 5, PageDown: -5 }[event.key];
      const to = { Home: Number(input.dataset.low), End: Number(input.dataset.high) }[event.key];
      if (by === undefined && to === undefined) return;
      event.preventDefault();
      set(input, to ?? Number(handle.getAttribute("aria-valuenow")) + by);
    });
    handle.addEventListener("pointerdown", (event) => {
      handle.setPointerCapture(event.pointerId);
      handle.classList.add("held");
      event.preventDefault();
      handle.focus();
    });
    handle.addEventListener("pointermove", (event) => {
      if (handle.hasPointerCapture(event.pointerId)) set(input, valueAt(figure, handle, event));
    });
    for (const end of ["pointerup", "pointercancel"])
      handle.addEventListener(end, () => handle.classList.remove("held"));
  }
}

// The value under the pointer: along its spoke on the lean plot, around the joint on the arc.
function valueAt(figure, handle, event) {
  const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(figure.getScreenCTM().inverse());
  const [across, up] = [place.x - Number(figure.dataset.x), Number(figure.dataset.y) - place.y];
  if (handle.dataset.direction !== undefined) {
    const direction = (Number(handle.dataset.direction) * Math.PI) / 180;
    const along = across * Math.sin(direction) + up * Math.cos(direction) - 26;
    return Math.min(Number(figure.dataset.largest), along / Number(figure.dataset.perDeg));
  }
  const outward = Number(figure.dataset.left) ? -across : across;
  const angle = (Math.atan2(outward, Number(figure.dataset.top) ? up : -up) * 180) / Math.PI;
  return angle < -90 ? Number(figure.dataset.largest) : Math.max(0, angle);
}

function moveHandles(name) {
  const figure = document.getElementById("figure");
  const handle = [...figure.querySelectorAll(".handle")].find((each) => each.dataset.field === name);
  const input = handle && named(name);
  if (!input) return;
  const open = input.value.trim() === "";
  const value = open ? Number(name.endsWith("ceiling") ? figure.dataset.largest : 0) : numberIn(input);
  if (Number.isNaN(value)) return;
  handle.setAttribute("aria-valuenow", value);
  handle.setAttribute("aria-valuetext", open ? "–" : `${input.value}°`);
  const [x, y] = [Number(figure.dataset.x), Number(figure.dataset.y)];
  const straight = handle.dataset.direction !== undefined;
  const shown = Math.min(value, Number(figure.dataset.largest));
  const angle = ((straight ? Number(handle.dataset.direction) : shown) * Math.PI) / 180;
  const right = Number(figure.dataset.left) ? -1 : 1;
  const down = straight || Number(figure.dataset.top) ? -1 : 1;
  const at = (radius) => [x + right * radius * Math.sin(angle), y + down * radius * Math.cos(angle)];
  const from = straight ? shown * Number(figure.dataset.perDeg) : 118;
  const [line, circle, text] = handle.children;
  const to = straight ? from + 26 : 206;
  const ends = [at(from), at(straight ? to : to - 18), at(to)];
  for (const [key, number] of Object.entries({ x1: ends[0][0], y1: ends[0][1], x2: ends[1][0], y2: ends[1][1] }))
    line.setAttribute(key, number.toFixed(1));
  circle.setAttribute("cx", ends[2][0].toFixed(1));
  circle.setAttribute("cy", ends[2][1].toFixed(1));
  text.setAttribute("x", ends[2][0].toFixed(1));
  text.setAttribute("y", (ends[2][1] + 4.5).toFixed(1));
  text.textContent = open ? "–" : input.value;
}
