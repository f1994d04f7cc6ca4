// While a plan is typed, its weeks and what it changes follow. Without this module the button "Show the weeks" does.
const form = document.getElementById("plan");
const PARTS = ["weeks", "effects"];
const WAIT_MS = 250;
let timer, asking;

async function follow() {
  asking?.abort();
  asking = new AbortController();
  const typed = new URLSearchParams(new FormData(form));
  typed.set("do", "look");
  try {
    const answer = await fetch(form.action, { method: "POST", body: typed, signal: asking.signal });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of PARTS) document.getElementById(part).replaceWith(page.getElementById(part));
  } catch (reason) {
    if (reason.name !== "AbortError") console.warn("the weeks stay as they are:", reason.message);
  }
}

form.addEventListener("input", (event) => {
  if (event.target.id === "why") return;
  clearTimeout(timer);
  timer = setTimeout(follow, WAIT_MS);
});
