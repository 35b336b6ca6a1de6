// A room as npm's socket.io has it.
import { Server } from "socket.io";

// Nobody is asked for a sign of life while it is measured: the sockets on the other side are too simple to give one.
const room = new Server({ transports: ["websocket"], pingInterval: 600_000 });
room.on("connection", (member) => {
  member.on("say", (said) => room.emit("said", said));
});
room.listen(Number(process.argv[2]));
