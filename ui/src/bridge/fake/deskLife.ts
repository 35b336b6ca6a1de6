// Lets the invented desk live: questions arrive, votes come, a colleague claims, drafts and answers.
import type { FakeDesk } from "./desk";
import { ANA, CLAIM_MS } from "./questions";

const BEAT_MS = 250;

export function live(desk: FakeDesk, tick: () => void, votesPerSecond: number): () => void {
  let beat = 0;
  const timer = setInterval(() => {
    beat++;
    const now = Date.now();
    const open = desk.all.filter((one) => one.lane === "open");
    for (let i = 0; i < (votesPerSecond * BEAT_MS) / 1_000; i++) {
      const voted = open[(beat * 31 + i * 17) % Math.max(1, open.length)];
      if (voted) desk.put({ ...desk.get(voted.id), votes: desk.get(voted.id).votes + 1 });
    }
    if (beat % 40 === 10) desk.ask(now, beat % 80 === 10);
    if (beat % 48 === 20) claimOne(desk, now);
    if (beat % 48 === 44) answerOne(desk, now);
    tick();
  }, BEAT_MS);
  return () => clearInterval(timer);
}

function claimOne(desk: FakeDesk, now: number): void {
  const free = desk.all.find((one) => one.lane === "open" && one.claim === null);
  if (free) desk.change(free.id, { work: "claimed", claim: { by: ANA, mine: false, device: "desk", otherDevice: false, at: now, expiresAt: now + CLAIM_MS }, presence: [{ who: ANA, doing: "drafting", mine: false }] });
}

function answerOne(desk: FakeDesk, now: number): void {
  const hers = desk.all.find((one) => one.claim?.by.user === ANA.user);
  if (hers) desk.colleagueAnswers(hers.id, "Yes. The recording stays for four weeks, at the same address.", now);
}
