// Cuts a text into plain pieces and web links. A link is only what parses as http or https, without credentials.
export type Segment = { text: string; url: null } | { text: string; url: string; host: string | null };

// Ends at white space, quotes, brackets of markup and the full-width punctuation that Chinese sentences put right behind an address.
const CANDIDATE = /https?:\/\/[^\s<>"'`\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\u2018-\u201d\u2026\p{Cc}\p{Cf}]+/giu;
const LONGEST = 2_048;

export function segments(text: string): Segment[] {
  if (!text.includes("://")) return text === "" ? [] : [{ text, url: null }];
  const found: Segment[] = [];
  let done = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const shown = withoutTail(match[0]);
    const link = parseLink(shown);
    if (!link) continue;
    if (match.index > done) found.push({ text: text.slice(done, match.index), url: null });
    found.push({ text: shown, ...link });
    done = match.index + shown.length;
  }
  if (done < text.length) found.push({ text: text.slice(done), url: null });
  return found;
}

/** The address to open, and the true host where the shown one could be mistaken for another. */
export function parseLink(shown: string): { url: string; host: string | null } | null {
  if (shown.length > LONGEST) return null;
  let url: URL;
  try {
    url = new URL(shown);
  } catch {
    return null;
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") return null;
  if (url.username !== "" || url.password !== "" || url.hostname === "") return null;
  return { url: url.href, host: isAsShown(shown, url.hostname) ? null : url.hostname };
}

/** Letters that look like others, full-width ones and numbers for addresses all become another host than the one that is read. */
function isAsShown(shown: string, host: string): boolean {
  const read = /^https?:\/\/(\[[^\]]*\]|[^/?#:\\]*)/i.exec(shown)?.[1]?.toLowerCase();
  return read === host && !host.includes("xn--");
}

function withoutTail(candidate: string): string {
  let shown = candidate;
  for (;;) {
    const last = shown.at(-1) ?? "";
    if (/[.,;:!?*_~]/.test(last) || (last === ")" && !balanced(shown, "(", ")")) || (last === "]" && !balanced(shown, "[", "]"))) shown = shown.slice(0, -1);
    else return shown;
  }
}

function balanced(text: string, open: string, close: string): boolean {
  return text.split(open).length >= text.split(close).length;
}
