// Waits for the last of the wanted rows, then says what is wrong with any of them. `a`: the rows, `b`: the last one's user.
const LAWFUL = new Set(["DIV", "SPAN", "BDI", "TIME", "BLOCKQUOTE", "A", "BUTTON", "IMG", "svg", "path", "circle"]);
const HARMLESS = /^(class|dir|title|href|rel|draggable|datetime|src|alt|decoding|referrerpolicy|role|type|lang|aria-[a-z]+|data-[a-z]+)$/;
const DRAWING = /^(xmlns|width|height|viewBox|fill|stroke|stroke-width|stroke-linecap|stroke-linejoin|d|cx|cy|r|class|aria-hidden)$/;

const last = () => [...log().querySelectorAll("bdi")].some((el) => el.title === b || el.title.endsWith(` · ${b}`));
for (let waits = 0; waits < 1_500 && !last(); waits++) await new Promise((done) => setTimeout(done, 8));
if (!last()) return [`the row of ${b} never comes`];
const shown = [...log().querySelectorAll("[role=article]")].filter((el) => ["message", "question", "answer"].includes(el.dataset.kind)).slice(-a.length);
if (shown.length < a.length) return [`only ${shown.length} rows of ${a.length}`];

const said = (box) => {
  const copy = (box?.querySelector(".fold") ?? box)?.cloneNode(true);
  if (!copy) return null;
  // What we add of our own: a fold's button, the true host behind an address, words for a text of nothing.
  for (const own of copy.querySelectorAll("button, .host, .quiet")) own.remove();
  return copy.textContent;
};
// The only liberty that is taken with a body: no more than eight marks on a letter.
const body = (text) => text.replace(/(\p{M}{8})\p{M}+/gu, "$1");
// A name is one line of visible letters, joiners only where they join; long ones end early.
const joins = (c) => /[\u0600-\u1cff\ua8e0-\uaaff\u{10a00}-\u{11fff}]/u.test(c);
const picture = (c) => c === "\ufe0f" || (c > "\u2000" && /\p{Emoji}/u.test(c));
const visible = (text) => {
  let letter = "";
  const shown = (c, after) => {
    if (/[\u200c\u200d]/.test(c)) return joins(letter) || (c === "\u200d" && picture(letter) && picture(after));
    if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(c)) return false;
    if (!/\p{M}/u.test(c)) letter = c;
    return true;
  };
  return [...text].filter((c, index, all) => shown(c, all[index + 1] ?? "")).join("");
};
const name = (text) => {
  const line = visible(text).normalize("NFC").replace(/(\p{M}{3})\p{M}+/gu, "$1").replace(/\s+/g, " ").trim();
  return /[^\s\p{M}\u115f\u1160\u2800\u3164\uffa0\u200c\u200d]/u.test(line) ? line : "";
};
const letters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

const wrong = [];
const report = (row, what, got, wanted) => wrong.push(`${row.user}, ${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`);
const checkBody = (row, what, got, sent) => {
  if (sent.trim() !== "" && got !== body(sent)) report(row, what, got, body(sent));
};
const checkName = (row, what, got, sent, other) => {
  const whole = name(sent) || other;
  if (got === whole || whole === null) return;
  // One letter may be made of thousands of characters; a name of such is cut before it.
  const first = [...letters.segment(whole)][0]?.segment ?? "";
  if (got === "…" && [...first].length > 150) return;
  const few = [...letters.segment(whole)].length <= 32 && [...sent].length <= 80;
  if (few || got === undefined || got.length < 8 || !whole.startsWith(got.replace(/…$/, ""))) report(row, what, got, whole);
};

a.forEach((row, index) => {
  const article = shown[index];
  if (article.dataset.kind !== row.kind) return report(row, "kind", article.dataset.kind, row.kind);
  const names = [...article.querySelectorAll("bdi")].map((el) => el.textContent);
  checkBody(row, "text", said(article.querySelector(".text")), row.text);
  if (row.kind === "answer") {
    checkBody(row, "quote", said(article.querySelector("blockquote")), row.question);
    checkName(row, "organisation", names[0], row.org, null);
    checkName(row, "asker", names[1], row.name, row.user);
  } else checkName(row, "name", names[0], row.name, row.user);
  for (const el of article.querySelectorAll("*")) {
    if (!LAWFUL.has(el.nodeName)) report(row, "an element", el.outerHTML.slice(0, 200), "none");
    const drawing = el.namespaceURI === "http://www.w3.org/2000/svg";
    for (const attribute of el.attributes) {
      if (!(drawing ? DRAWING : HARMLESS).test(attribute.name)) report(row, "an attribute", `${el.nodeName} ${attribute.name}`, "none");
    }
    if (el.nodeName === "IMG" && !/^avatar:\/\/localhost\/[0-9a-f]{32}$/.test(el.src)) report(row, "a picture", el.src, "one of the shell's");
    if (el.nodeName === "A" && !(/^https?:$/.test(el.protocol) && el.username === "" && el.password === "" && el.href === el.title)) report(row, "a link", el.href, "a plain one");
  }
});
return wrong;
