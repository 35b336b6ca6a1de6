"""A room server that speaks the core of docs/protocol.md, and nothing but the standard library.

    python3 server.py ../room.json 8081

Reading order: Room (what is kept and who hears it), ask and history (the two HTTP calls), talk (the socket), and below
the line what a WebSocket library would do. Entries are kept in memory: put your database into Room.
"""

import asyncio
import base64
import hashlib
import json
import sys
import time
from urllib.parse import parse_qs, urlsplit

FRAME_BYTES = 64 * 1024  # the longest frame of a client
TEXT_BYTES = 8 * 1024  # the longest message or question
PAGE_ENTRIES = 1000
SILENCE = 20  # seconds without a sign of life; clients send one every 5
BEHIND_BYTES = 1024 * 1024  # a member who reads slower than this is let go, and comes back


class Room:
    def __init__(self, settings):
        self.topic, self.stream, self.people = settings["topic"], settings["stream"], settings["people"]
        self.entries = []  # oldest first
        self.members = set()

    def add(self, kind, person, content):
        """Keeps an entry, then tells everybody who joined, its sender too."""
        entry = {"type": kind, **person, "stream": self.stream, "content": content, "createdat": int(time.time() * 1000)}
        self.entries.append(entry)
        for member in list(self.members):
            member.tell(200, json.dumps(entry))

    def page(self, kind, page, count):
        """Page 1 is the newest; inside a page the oldest entry comes first."""
        fitting = [entry for entry in self.entries if not kind or entry["type"] == kind]
        end = max(len(fitting) - (page - 1) * count, 0)
        return fitting[max(end - count, 0) : end]


def too_long(text):
    # Half an emoji (a lone surrogate) is text, too.
    return len(text.encode("utf-8", "surrogatepass")) > TEXT_BYTES


def history(room, query):
    value = lambda name, default: (query.get(name) or [default])[0]
    if value("stream", "") != room.stream:
        return 403, {"code": 403, "msg": "no such stream for this token"}
    try:
        page, count = int(value("page", "1")), int(value("resultsPerPage", "50"))
    except ValueError:
        return 400, {"code": 400, "msg": "page and resultsPerPage are numbers"}
    items = room.page(value("type", ""), max(page, 1), min(max(count, 1), PAGE_ENTRIES))
    return 200, {"code": 200, "data": {"items": items}}


def ask(room, person, body):
    try:
        asked = json.loads(body)
        text, stream = asked["content"], asked["streamId"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return 400, {"code": 400, "msg": "a JSON object with content and streamId"}
    if stream != room.stream:
        return 403, {"code": 403, "msg": "no such stream for this token"}
    if not isinstance(text, str) or too_long(text):
        return 413, {"code": 413, "msg": "too long"}
    room.add("question", person, json.dumps({"content": text}))
    return 200, {"code": 200}


async def talk(room, token, socket):
    """One member from the first frame to the last. What is wrong with a frame is its sender's business alone."""
    person = room.people[token]
    try:
        while True:
            text = await socket.next()
            if text is None:
                return
            try:
                frame = json.loads(text)
                kind, payload = frame["type"], frame["payLoad"]
                if frame["token"] != token:
                    return socket.close(4401)
                if kind == 1:
                    socket.tell(200, "pong")
                elif kind == 3:
                    if json.loads(payload)["topic"] != room.topic:
                        return socket.close(4403)
                    room.members.add(socket)
                elif kind == 2 and socket in room.members:
                    said = json.loads(json.loads(payload)["chatInfo"])["content"]
                    if not isinstance(said, str) or too_long(said):
                        socket.tell(413, "too long")
                    else:
                        # Who says it is told by the token, whatever the frame says.
                        room.add("message", person, said)
            except (ValueError, KeyError, TypeError, RecursionError):
                socket.tell(400, "not a frame of this protocol")
    finally:
        room.members.discard(socket)


async def serve(room, reader, writer):
    """One connection: a call over HTTP, or the start of a socket."""
    try:
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SILENCE)).decode("latin-1")
        request, *lines = head.split("\r\n")
        method, target, _ = request.split(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        body = await asyncio.wait_for(reader.readexactly(min(length, FRAME_BYTES)), SILENCE)
        url, token = urlsplit(target), headers.get("authorization", "")
        if token not in room.people:
            status, reply = 401, {"code": 401, "msg": "unknown token"}
        elif (method, url.path) == ("GET", "/ws") and headers.get("upgrade", "").lower() == "websocket":
            socket = Socket(reader, writer)
            socket.accept(headers.get("sec-websocket-key", ""))
            return await talk(room, token, socket)
        elif (method, url.path) == ("GET", "/api/message/chatmsg"):
            status, reply = history(room, parse_qs(url.query))
        elif (method, url.path) == ("POST", "/api/question/add"):
            status, reply = ask(room, room.people[token], body)
        else:  # api/capabilities, too: with 404 a client knows that there is the core alone
            status, reply = 404, {"code": 404, "msg": "not found"}
        text = json.dumps(reply).encode()
        head = f"HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {len(text)}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + text)
        await writer.drain()
    except (ValueError, OSError, EOFError, asyncio.LimitOverrunError, asyncio.TimeoutError):
        pass  # not HTTP, or gone
    finally:
        writer.close()


# ---- What a WebSocket library would do (RFC 6455, text frames without extensions).


class Socket:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    def accept(self, key):
        proof = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        self.writer.write(b"HTTP/1.1 101 -\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: " + proof + b"\r\n\r\n")

    def send(self, opcode, data):
        if self.writer.transport.get_write_buffer_size() > BEHIND_BYTES:
            return self.writer.transport.abort()
        size = len(data)
        if size < 126:
            length = bytes([size])
        elif size < 65536:
            length = bytes([126]) + size.to_bytes(2, "big")
        else:
            length = bytes([127]) + size.to_bytes(8, "big")
        self.writer.write(bytes([0x80 | opcode]) + length + data)

    def tell(self, code, data):
        self.send(1, json.dumps({"code": code, "data": data}).encode())

    def close(self, code):
        self.send(8, code.to_bytes(2, "big"))

    async def next(self):
        """The next text, put together from its pieces; None at the end."""
        text = b""
        while True:
            first, second = await asyncio.wait_for(self.reader.readexactly(2), SILENCE)
            size = second & 0x7F
            if size > 125:
                size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
            if not second & 0x80 or len(text) + size > FRAME_BYTES:
                return self.close(1009 if second & 0x80 else 1002)
            mask = await self.reader.readexactly(4)
            data = await asyncio.wait_for(self.reader.readexactly(size), SILENCE)
            data = bytes(byte ^ mask[at & 3] for at, byte in enumerate(data))
            opcode = first & 0x0F
            if opcode == 8:
                return self.send(8, data[:2])
            if opcode == 9:
                self.send(10, data)
            elif opcode in (0, 1):
                text += data
                if first & 0x80:
                    return text.decode("utf-8", "replace")
            elif opcode != 10:
                return self.close(1003)


async def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        room = Room(json.load(file))
    server = await asyncio.start_server(lambda reader, writer: serve(room, reader, writer), "127.0.0.1", int(sys.argv[2]))
    print("listening on http://127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
