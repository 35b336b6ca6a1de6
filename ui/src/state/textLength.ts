// How much of the server's byte limit a text uses, told in characters of the kind the person is typing.
const WARN_FROM = 0.8;
const encoder = new TextEncoder();

export type Room = { kind: "plenty" } | { kind: "near"; left: number } | { kind: "over"; by: number };

export function roomLeft(text: string, limitBytes: number): Room {
  if (limitBytes <= 0) return { kind: "plenty" };
  const bytes = encoder.encode(text).length;
  if (bytes < limitBytes * WARN_FROM) return { kind: "plenty" };
  const perCharacter = bytes / [...text].length;
  if (bytes > limitBytes) return { kind: "over", by: Math.ceil((bytes - limitBytes) / perCharacter) };
  return { kind: "near", left: Math.floor((limitBytes - bytes) / perCharacter) };
}
