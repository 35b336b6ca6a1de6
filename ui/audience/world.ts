// The browser, as the room needs it.
import type { Memory } from "./room/place";
import type { World } from "./room/world";

/** A hidden page gets no pictures; and nobody reads faster than so many a second. */
const HIDDEN_MS = 250;
const APART_MS = 100;

export function browser(memory: Memory): World {
  let painted = 0;
  const paint = (what: () => void): void => {
    painted = performance.now();
    what();
  };
  return {
    origin: location.origin,
    open: (url, protocols) => new WebSocket(url, protocols),
    fetch: (...asked) => fetch(...asked),
    connected: () => navigator.onLine,
    dice: Math.random,
    nonce,
    soon: (what) => {
      const rest = painted + APART_MS - performance.now();
      if (document.hidden) setTimeout(what, HIDDEN_MS);
      else if (rest > 0) setTimeout(() => paint(what), rest);
      else requestAnimationFrame(() => paint(what));
    },
    read: (what) => memory.read(what),
    keep: (what, text) => memory.keep(what, text),
  };
}

/** A UUID, also where `randomUUID` is not: a room in the local network has no certificate. */
function nonce(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
