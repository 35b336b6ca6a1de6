// What a knock came to: whether this server lets somebody in, and what they are to do where it does not.
import type { Reply } from "./http";
import type { Knock } from "./link";

/** `inside`: this page was let in before, and hears what a proxy says while the server behind it is away. */
export function knocked(reply: Reply, inside: boolean): Knock {
  if (reply.kind === "ok") return { kind: "in" };
  if (reply.kind === "unreachable") return reply;
  const { status, data, waitMs } = reply;
  if (status === 401) return { kind: "refused", why: "token" };
  if (!inside && (status === 403 || status === 421)) return { kind: "refused", why: "address" };
  if (!inside && (status === 404 || status === 405)) return { kind: "refused", why: "server" };
  // Said by the room server itself, and by no proxy whose server is away.
  return { kind: status === 503 && data["code"] === 503 ? "full" : "later", askedMs: waitMs };
}
