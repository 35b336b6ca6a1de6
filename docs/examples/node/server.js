// A room server that speaks the core of docs/protocol.md, with npm's ws.
//
//     npm ci && node server.js ../room.json 8082
//
// Reading order: add and page (what is kept and who hears it), history and ask (the two HTTP calls), hear (the socket).
// Entries are kept in memory: put your database into add and page.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const FRAME_BYTES = 64 * 1024; // the longest frame of a client
const TEXT_BYTES = 8 * 1024; // the longest message or question
const PAGE_ENTRIES = 1000;
const SILENCE_MS = 20_000; // without a sign of life; clients send one every 5 s
const BEHIND_BYTES = 1024 * 1024; // a member who reads slower than this is let go, and comes back

const { topic, stream, ...settings } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const people = new Map(Object.entries(settings.people));
const entries = []; // oldest first
const members = new Set();

/** Keeps an entry, then tells everybody who joined, its sender too. */
function add(type, person, content) {
  const entry = { type, ...person, stream, content, createdat: Date.now() };
  entries.push(entry);
  for (const member of members) tell(member, 200, JSON.stringify(entry));
}

/** Page 1 is the newest; inside a page the oldest entry comes first. */
function page(type, number, count) {
  const fitting = entries.filter((entry) => !type || entry.type === type);
  const end = Math.max(fitting.length - (number - 1) * count, 0);
  return fitting.slice(Math.max(end - count, 0), end);
}

function tell(socket, code, data) {
  if (socket.bufferedAmount > BEHIND_BYTES) socket.terminate();
  else socket.send(JSON.stringify({ code, data }));
}

const isText = (text) => typeof text === "string" && Buffer.byteLength(text) <= TEXT_BYTES;

function history(query) {
  if (query.get("stream") !== stream) return [403, { code: 403, msg: "no such stream for this token" }];
  const number = Math.max(Number.parseInt(query.get("page") || "1", 10) || 1, 1);
  const count = Math.max(Number.parseInt(query.get("resultsPerPage") || "50", 10) || 1, 1);
  const items = page(query.get("type") ?? "", number, Math.min(count, PAGE_ENTRIES));
  return [200, { code: 200, data: { items } }];
}

function ask(person, body) {
  let asked;
  try {
    asked = JSON.parse(body);
  } catch {
    asked = null;
  }
  if (asked?.streamId !== stream) return [403, { code: 403, msg: "no such stream for this token" }];
  if (!isText(asked.content)) return [413, { code: 413, msg: "too long" }];
  add("question", person, JSON.stringify({ content: asked.content }));
  return [200, { code: 200 }];
}

/** One frame of a member. What is wrong with it is its sender's business alone. */
function hear(socket, token, text) {
  try {
    const frame = JSON.parse(text);
    if (frame.token !== token) return socket.close(4401);
    if (frame.type === 1) return tell(socket, 200, "pong");
    if (frame.type === 3) {
      if (JSON.parse(frame.payLoad).topic !== topic) return socket.close(4403);
      members.add(socket);
    } else if (frame.type === 2 && members.has(socket)) {
      const { content } = JSON.parse(JSON.parse(frame.payLoad).chatInfo);
      // Who says it is told by the token, whatever the frame says.
      if (isText(content)) add("message", people.get(token), content);
      else tell(socket, 413, "too long");
    }
  } catch {
    tell(socket, 400, "not a frame of this protocol");
  }
}

const sockets = new WebSocketServer({ noServer: true, maxPayload: FRAME_BYTES });

function welcome(socket, token) {
  const leave = setTimeout(() => socket.terminate(), SILENCE_MS);
  socket.on("message", (data) => {
    leave.refresh();
    hear(socket, token, data.toString());
  });
  socket.on("close", () => {
    clearTimeout(leave);
    members.delete(socket);
  });
  // A frame that is too large: ws closes with 1009 by itself.
  socket.on("error", () => members.delete(socket));
}

/** The parts of a request's target; a stranger may send what is none. */
function target(request) {
  try {
    return new URL(request.url, "http://room");
  } catch {
    return new URL("http://room/none");
  }
}

function reply(response, [status, body]) {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

const server = createServer((request, response) => {
  const url = target(request);
  const person = people.get(request.headers.authorization);
  if (!person) return reply(response, [401, { code: 401, msg: "unknown token" }]);
  const call = `${request.method} ${url.pathname}`;
  if (call === "GET /api/message/chatmsg") return reply(response, history(url.searchParams));
  // api/capabilities, too: with 404 a client knows that there is the core alone.
  if (call !== "POST /api/question/add") return reply(response, [404, { code: 404, msg: "not found" }]);
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (piece) => {
    body += piece;
    if (body.length > FRAME_BYTES) request.destroy();
  });
  request.on("end", () => reply(response, ask(person, body)));
});

server.on("upgrade", (request, connection, head) => {
  connection.on("error", () => connection.destroy());
  const token = request.headers.authorization;
  if (!people.has(token) || target(request).pathname !== "/ws") {
    const status = people.has(token) ? 404 : 401;
    const body = JSON.stringify({ code: status, msg: status === 401 ? "unknown token" : "not found" });
    const fields = `content-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close`;
    return connection.end(`HTTP/1.1 ${status} -\r\n${fields}\r\n\r\n${body}`);
  }
  sockets.handleUpgrade(request, connection, head, (socket) => welcome(socket, token));
});

server.listen(Number(process.argv[3]), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
