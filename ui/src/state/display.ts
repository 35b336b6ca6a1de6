// Makes hostile text safe to look at without changing what it says: names are one short line, bodies keep their bytes but not a tower of marks.
const NAME_GRAPHEMES = 32;
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

// The same few people speak again and again, and cutting a name into graphemes is slow.
const REMEMBERED = 2_000;
const names = new Map<string, string>();
const initials = new Map<string, string>();

function remembered(memory: Map<string, string>, key: string, make: (key: string) => string): string {
  let known = memory.get(key);
  if (known === undefined) {
    if (memory.size >= REMEMBERED) memory.clear();
    memory.set(key, (known = make(key)));
  }
  return known;
}

/** One line, no invisible or direction-changing characters, at most 32 graphemes. */
export function displayName(name: string): string {
  return remembered(names, name.slice(0, 512), shortName);
}

/** Of a tag that is written here as much as is shown everywhere. */
export function asTag(written: string): string {
  return [...graphemes.segment(wholeName(written))].slice(0, NAME_GRAPHEMES).map(({ segment }) => segment).join("");
}

function shortName(name: string): string {
  const plain = wholeName(name);
  const parts = [...graphemes.segment(plain)];
  return parts.length <= NAME_GRAPHEMES ? plain : `${parts.slice(0, NAME_GRAPHEMES - 1).map((part) => part.segment).join("")}…`;
}

/** The same without an end, for who points at it. */
export function wholeName(name: string): string {
  return name
    .slice(0, 512)
    .replace(/(?![\u200c\u200d])\p{Cf}|\p{Cc}|\p{Zl}|\p{Zp}/gu, "")
    // Not before: what was taken out may have kept a letter and its mark apart.
    .normalize("NFC")
    .replace(/(\p{M}{3})\p{M}+/gu, "$1")
    .replace(/\s+/g, " ")
    .trim();
}

/** What of a text its script tells of its language: Han characters alone have another shape, and are read another way, in each. */
export function languageOf(text: string): "ja" | "ko" | "zh" | undefined {
  const start = text.slice(0, 400);
  if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(start)) return "ja";
  if (/\p{Script=Hangul}/u.test(start)) return "ko";
  return /\p{Script=Han}/u.test(start) ? "zh" : undefined;
}

/** At most eight combining marks on one character; other text passes as it is. */
export function displayBody(text: string): string {
  if (text.length <= 8) return text;
  return text.replace(/(\p{M}{8})\p{M}+/gu, "$1");
}

/** The letter that stands for someone without a picture. */
export function initialOf(name: string): string {
  return remembered(initials, name, firstLetter);
}

function firstLetter(name: string): string {
  for (const { segment } of graphemes.segment(name)) if (/[\p{L}\p{N}\p{Emoji_Presentation}]/u.test(segment)) return segment.toLocaleUpperCase();
  return "?";
}

/** One of `count` colours, always the same for the same person. */
export function hueOf(user: string, count: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < user.length; i++) hash = Math.imul(hash ^ user.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % count;
}
