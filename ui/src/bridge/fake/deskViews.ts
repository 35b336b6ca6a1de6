// What the invented desk computes from its questions and rows: search, numbers, the page on the second screen.
import type { Hit, Numbers, Presented, Question, Row, SearchPage } from "../dto";

const PAGE = 20;

export function searchRows(rows: readonly Row[], questions: readonly Question[], room: string, query: string, cursor: string | null): SearchPage {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const hits: Hit[] = [];
  for (const row of [...rows].reverse()) {
    const ranges = words.length === 0 ? null : matches(row, questions, words);
    const question = questions.find((one) => one.row === row.key);
    if (ranges) hits.push({ room, row, ranges, number: question?.number ?? null, question: question?.id ?? null });
  }
  const from = Number(cursor ?? 0);
  return { hits: hits.slice(from, from + PAGE), next: hits.length > from + PAGE ? String(from + PAGE) : null, indexing: query.includes("indexing") ? 0.62 : null };
}

function matches(row: Row, questions: readonly Question[], words: readonly string[]): [number, number][] | null {
  const ranges: [number, number][] = [];
  for (const word of words) {
    const question = questions.find((one) => one.row === row.key);
    const [key, value] = word.split(":") as [string, string | undefined];
    if (key === "from" && value) {
      if (!row.name.toLowerCase().includes(value)) return null;
    } else if (key === "is" && value) {
      if (value === "unanswered" ? question?.lane !== "open" : row.kind !== value) return null;
    } else if (/^#\d+$/.test(word)) {
      if (question?.number !== Number(word.slice(1))) return null;
    } else {
      const at = row.text.toLowerCase().indexOf(word);
      if (at < 0) return null;
      ranges.push([at, at + word.length]);
    }
  }
  return ranges.sort((a, b) => a[0] - b[0]);
}

export function numbersOf(all: readonly Question[], now: number): Numbers {
  const minute = Math.floor(now / 60_000);
  const times = all.flatMap((one) => (one.firstAnswerAt !== null && one.askedAt !== null ? [one.firstAnswerAt - one.askedAt] : [])).sort((a, b) => a - b);
  const waiting = all.filter((one) => one.lane === "open" || one.lane === "mine");
  const oldest = Math.min(...waiting.map((one) => one.askedAt ?? now));
  return {
    asked: all.length,
    answered: all.filter((one) => one.work === "answered").length,
    dismissed: all.filter((one) => one.work === "dismissed").length,
    waiting: waiting.length,
    medianFirst: times[Math.floor(times.length / 2)] ?? null,
    p90First: times[Math.floor(times.length * 0.9)] ?? null,
    oldestWaiting: Number.isFinite(oldest) ? oldest : null,
    perMinute: Array.from({ length: 30 }, (_, i) => [minute - 29 + i, (i * 7) % 5, Math.max(0, ((i * 5) % 4) - 1)]),
    perTag: [
      ["recording", 6, 4],
      ["pricing", 3, 3],
    ],
    perPerson: [
      { who: "Ana Ferreira", answered: 12, medianFirst: 74_000 },
      { who: "魏敏", answered: 7, medianFirst: 131_000 },
      { who: "Alex", answered: 3, medianFirst: 52_000 },
    ],
  };
}

/** A square that looks like a code, for pictures. */
function pretendCode(size: number): string {
  let path = "";
  const finder = (x: number, y: number): string => `M${x} ${y}h7v7h-7zM${x + 1} ${y + 1}v5h5v-5zM${x + 2} ${y + 2}h3v3h-3z`;
  for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) if ((x > 7 || y > 7) && (x < size - 8 || y > 7) && (x > 7 || y < size - 8) && (x * 7 + y * 13 + x * y) % 3 === 0) path += `M${x} ${y}h1v1h-1z`;
  return path + finder(0, 0) + finder(size - 7, 0) + finder(0, size - 7);
}

export function presentedOf(all: readonly Question[], page: { blank: boolean; qr: boolean; size: number }): Presented {
  const shown = all.filter((one) => one.review === "approved" && (one.lane === "open" || one.lane === "live" || one.lane === "mine"));
  const now = shown.find((one) => one.stage === "now");
  return {
    question: now ? { text: now.text, asker: now.asker.name, number: now.number } : null,
    position: now ? shown.indexOf(now) + 1 : 0,
    total: shown.length,
    blank: page.blank,
    qr: page.qr ? pretendCode(25) : null,
    qrSize: 25,
    link: "https://live.example.org/ask/2026",
    size: page.size,
    room: "1",
    label: "Northlight 2026 · Main stage",
  };
}
