/* Plays the movement of a trial: one slider moves the figures and a line across the traces.

The movement is asked for when somebody first plays or scrubs, and never before. Without this script the form around
the slider shows one moment at a time. */

const SLOW = 0.25;

class Replay {
  constructor(place) {
    this.place = place;
    this.slider = place.querySelector("input[type=range]");
    this.output = place.querySelector("output");
    this.play = place.querySelector(".play");
    this.slow = place.querySelector(".slow");
    this.said = place.querySelector(".said");
    this.end = Number(this.slider.max);
    this.traces = [...place.closest("section").querySelectorAll(".trace")];
    this.began = null;
    this.labels = [this.play.getAttribute("aria-label"), this.play.dataset.pause];
    this.play.hidden = this.slow.hidden = false;
    place.querySelector(".show").hidden = true;
    place.querySelector("form").addEventListener("submit", (event) => {
      if (event.submitter?.name !== "session") event.preventDefault(); // which attaches the moment to a message
    });
    for (const link of place.querySelectorAll(".happened a")) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        this.slider.value = new URL(link.href).searchParams.get("t");
        this.pause();
        this.show();
      });
    }
    this.slider.addEventListener("input", () => { this.pause(); this.show(); });
    this.play.addEventListener("click", () => (this.began === null ? this.start() : this.pause()));
    this.slow.addEventListener("click", () => this.turnSlow());
  }

  async load() {
    this.loading ??= fetch(this.place.dataset.motion).then(async (answer) => {
      const found = await answer.json();
      if (!answer.ok) { this.said.textContent = found.why ?? ""; return null; }
      this.place.querySelector(".figures").innerHTML = found.figures;
      this.parts = ["front", "side"].map((view) => {
        const figure = this.place.querySelector(`.skeleton.${view}`);
        return { view, head: figure.querySelector(".head"), lines: figure.querySelectorAll("polyline:not(.ceiling-arc)") };
      });
      return found;
    });
    return this.loading;
  }

  async show() {
    const at = Number(this.slider.value);
    this.output.textContent = `${at.toFixed(1)} s`;
    const motion = await this.load();
    if (motion === null) return;
    const after = motion.t_s.findIndex((t) => t >= at);
    const posture = motion.postures[after < 0 ? motion.t_s.length - 1 : after];
    for (const { view, head, lines } of this.parts) {
      posture[view].lines.forEach((points, number) => lines[number].setAttribute("points", points));
      head.setAttribute("r", posture[view].head ? 11 : 0);
      if (posture[view].head) [head.cx.baseVal.value, head.cy.baseVal.value] = posture[view].head;
    }
    this.traces.forEach((trace) => this.mark(trace, at));
  }

  /* A line across a trace, which ends with the trial and may begin later than it. */
  mark(trace, at) {
    const seconds = Number(trace.dataset.seconds), chart = trace.querySelector("svg.chart");
    if (!chart || !seconds) return;
    const share = (at - Math.max(0, this.end - seconds)) / seconds;
    let line = chart.querySelector(".playhead");
    if (!line) {
      line = document.createElementNS("http://www.w3.org/2000/svg", "line");
      line.setAttribute("class", "playhead");
      line.setAttribute("y2", chart.getAttribute("height"));
      chart.append(line);
    }
    const across = `${100 * Math.min(1, Math.max(0, share))}%`;
    line.setAttribute("x1", across);
    line.setAttribute("x2", across);
  }

  async start() {
    if ((await this.load()) === null) return;
    if (Number(this.slider.value) >= this.end - 0.05) this.slider.value = 0;
    this.turned(true);
    this.anchor();
    requestAnimationFrame(() => this.step());
  }

  step() {
    if (this.began === null) return;
    const at = this.from + ((performance.now() - this.began) / 1000) * this.speed();
    this.slider.value = at;
    this.show();
    if (at >= this.end) this.pause();
    else requestAnimationFrame(() => this.step());
  }

  anchor() {
    this.began = performance.now();
    this.from = Number(this.slider.value);
  }

  pause() {
    this.began = null;
    this.turned(false);
  }

  turned(playing) {
    this.play.classList.toggle("playing", playing);
    this.play.setAttribute("aria-label", this.labels[playing ? 1 : 0]);
  }

  speed() {
    return this.slow.getAttribute("aria-pressed") === "true" ? SLOW : 1;
  }

  turnSlow() {
    this.slow.setAttribute("aria-pressed", String(this.speed() === 1));
    if (this.began !== null) this.anchor();
  }
}

document.querySelectorAll(".replay").forEach((place) => new Replay(place));
