// A room as npm's ws has it: what one says goes to all.
import { WebSocketServer } from "ws";

const room = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]), perMessageDeflate: false });
room.on("connection", (member) => {
  member.on("message", (said) => {
    for (const other of room.clients) other.send(said, { binary: false });
  });
});
