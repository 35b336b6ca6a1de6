// The invented list of rooms: how a new one begins, and what becomes of the order.
import type { RoomForm, SavedRoom } from "../dto";

export function saved(id: string, label: string, open: boolean): SavedRoom {
  const form: RoomForm = { server: "https://live.example.org", socket: "wss://live.example.org/ws", topic: "2026", stream: "main", name: "Alex", user: "me", avatar: "", allowInsecure: false };
  return { id, label, form, tokenStore: "keyring", demo: false, open, hosted: false, archived: false };
}

export function reordered(rooms: readonly SavedRoom[], id: string, before: string | null): SavedRoom[] {
  const moved = rooms.filter((room) => room.id === id);
  const others = rooms.filter((room) => room.id !== id);
  const at = others.findIndex((room) => room.id === before);
  return at < 0 ? [...others, ...moved] : [...others.slice(0, at), ...moved, ...others.slice(at)];
}
