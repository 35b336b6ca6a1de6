// Forty rows that stand still; or rows from a socket, appended as the simplest of clients does; or events that are only counted.
const list = document.getElementById("list");
const { invoke } = window.__TAURI__.core;
const { way, socket } = window.wish;
const counted = { frames: 0, late: 0, blank: 0 };
let seq = 0;
let asked = false;

// Questions and answers hold theirs as JSON.
const said = (content) => (content.startsWith("{") ? Object.values(JSON.parse(content)).join(" ") : content);

function append({ displayName, content }) {
  const row = document.createElement("div");
  row.className = "row";
  const face = document.createElement("div");
  face.className = "face";
  face.textContent = displayName.slice(0, 1);
  const name = document.createElement("div");
  name.className = "name";
  name.textContent = displayName;
  const time = document.createElement("span");
  time.className = "time";
  time.textContent = new Date().toLocaleTimeString();
  name.append(time);
  const text = document.createElement("div");
  text.textContent = said(content);
  row.append(face, name, text);
  list.append(row);
  list.scrollTop = list.scrollHeight;
}

function tell() {
  asked = false;
  void invoke("painted", { painted: { seq, rows: list.childElementCount, ...counted } });
}

function changed() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => requestAnimationFrame(tell));
}

let last = performance.now();
function frame(now) {
  counted.frames++;
  if (now - last > 25) counted.late++;
  last = now;
  requestAnimationFrame(frame);
}

if (way === "naive") {
  requestAnimationFrame(frame);
  new WebSocket(socket).onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    if (frame.code !== 200 || !frame.data.startsWith("{")) return;
    const entry = JSON.parse(frame.data);
    if (!("content" in entry)) return;
    append(entry);
    seq = entry.seq;
    changed();
  };
} else if (way === "emit") {
  void window.__TAURI__.event.listen("message", ({ payload }) => void (seq = payload.seq));
  setInterval(tell, 1000);
} else {
  for (let row = 0; row < 40; row++) append({ displayName: `Person ${row}`, content: "the sound is fine today, 请问讲义在哪里下载" });
  changed();
}
