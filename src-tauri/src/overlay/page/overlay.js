// Draws what the app says. Each event is the whole state, so a lost connection costs nothing; text reaches the page as text.
"use strict";

const root = document.documentElement;
const main = document.querySelector("main");
const { screen: shown, rows: most, fade, size } = root.dataset;
const FADE_MS = Number(fade) * 1000;
/** What is shown without a connection is old news after that. */
const AWAY_MS = 10_000;
/** A refused connection is tried again; a lost one the browser opens by itself. */
const AGAIN_MS = 5_000;
const SMALLEST_PX = 12;
/** What is there at first was said before, but for a stamp that lacks its seconds. */
const FIRST_MS = 60_000;
/** What was said longer ago is not new, whenever it comes; for less, a clock that is slow is not doubted. */
const OLD_MS = 660_000;

if (size !== "") root.style.setProperty("--scale", String(Number(size) / 100));

const letters = new Intl.Segmenter();

function make(tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.dir = "auto";
  element.textContent = text;
  return element;
}

/** Who speaks, between what stands before and after; the label's word is the style's. */
function headOf(before, name, after) {
  const head = make("div", "head");
  head.append(...before, ...(name === "" ? [] : [make("bdi", "name", name)]), ...after);
  return head;
}

function initialOf(name) {
  const [first] = letters.segment(name);
  const initial = make("span", "initial", (first?.segment ?? "").toUpperCase());
  initial.style.setProperty("--hue", String([...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7)));
  return initial;
}

function rowOf({ kind, name, text, quote }) {
  const row = make("div", "row");
  row.dataset.kind = kind;
  const said = make("div", "said");
  said.append(headOf([], name, [make("span", "label")]));
  if (quote !== "") said.append(make("p", "quote", quote));
  said.append(make("p", "text", text));
  row.append(initialOf(name), said);
  return row;
}

/** By key: what it was drawn from, and since when it is here. */
const drawn = new Map();
let first = true;

function drawChat(all) {
  const rows = all.slice(-Number(most));
  const kept = new Set(rows.map(({ key }) => key));
  for (const [key, { row }] of drawn) {
    if (kept.has(key)) continue;
    row.remove();
    drawn.delete(key);
  }
  const now = Date.now();
  rows.forEach(({ at, ...data }, place) => {
    const json = JSON.stringify(data);
    const old = drawn.get(data.key);
    let row = old?.row;
    if (old?.json !== json) {
      row = rowOf(data);
      old?.row.replaceWith(row);
      const isOld = now - at > (first ? FIRST_MS : OLD_MS);
      drawn.set(data.key, { json, row, born: old?.born ?? (isOld ? at : now) });
    }
    // What stands where it should is left alone, or it would arrive again.
    if (main.children[place] !== row) main.insertBefore(row, main.children[place] ?? null);
  });
  // Another room, its next session or Aside's next start begins with nothing.
  first = all.length === 0;
  age();
}

function age() {
  if (FADE_MS === 0) return;
  const now = Date.now();
  for (const { row, born } of drawn.values()) row.classList.toggle("gone", now - born > FADE_MS);
}

function drawQuestion(question) {
  if (question === null) {
    main.replaceChildren();
    return;
  }
  const stage = make("div", "stage");
  stage.dataset.kind = "question";
  const which = [make("span", "label"), make("span", "number", `#${question.number}`)];
  stage.append(headOf(which, question.name, []), make("p", "text", question.text));
  main.replaceChildren(stage);
  fit();
}

/** As large as it may be and still whole. */
function fit() {
  const stage = main.querySelector(".stage");
  if (!stage) return;
  const style = getComputedStyle(root);
  let low = SMALLEST_PX;
  let high = Math.max(low, parseFloat(style.getPropertyValue("--stage-size")) * parseFloat(style.getPropertyValue("--scale")));
  const fits = (px) => {
    stage.style.setProperty("--fit", `${px}px`);
    return main.scrollHeight <= main.clientHeight && main.scrollWidth <= main.clientWidth;
  };
  if (fits(high)) return;
  while (high - low > 1) {
    const middle = (low + high) / 2;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  fits(low);
}

let away;

function listen() {
  const source = new EventSource(`${location.pathname}/live`);
  source.onopen = () => {
    clearTimeout(away);
    away = undefined;
    root.classList.remove("away");
  };
  source.onmessage = ({ data }) => (shown === "chat" ? drawChat(JSON.parse(data)) : drawQuestion(JSON.parse(data)));
  source.onerror = () => {
    away ??= setTimeout(() => root.classList.add("away"), AWAY_MS);
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN_MS);
  };
}

listen();
if (FADE_MS > 0) setInterval(age, 1000);
window.addEventListener("resize", fit);
// A browser source's own style comes after the page has loaded.
window.addEventListener("load", () => setTimeout(fit, 500));
