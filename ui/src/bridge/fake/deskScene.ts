// The invented desk as a scene begins with it.
import { FakeDesk, type DeskHost } from "./desk";
import { live } from "./deskLife";
import { busyDesk } from "./questions";
import type { Scene } from "./scenes";

export function deskOf({ desk: kind, name, votes, living }: Scene, now: number, host: DeskHost): FakeDesk {
  const { room } = host;
  const questions = name === "empty" || name === "first" ? [] : busyDesk(now, kind !== "local");
  // The rows that ask the same carry them.
  const approved = questions.filter(({ review }) => review === "approved");
  const asked = room.rows.filter((row) => row.kind === "question").slice(-approved.length);
  approved.slice(-asked.length).forEach((question, i) => {
    const row = asked[i];
    if (!row) return;
    room.change(row.key, { text: question.text, user: question.asker.user, name: question.asker.name });
    question.row = row.key;
  });
  const desk = new FakeDesk(host, questions);
  if (kind === "local") desk.kind = "local";
  if (name === "catching") desk.fresh = false;
  if (name === "held") {
    desk.colleagueAnswers("q6", "We look at three: time to the first answer, how many wait, and the oldest of them. The stage manager has them on the wall.", now - 20_000);
    desk.hold("q6", "We watch time to first answer and how many questions wait.");
  }
  if (living) live(desk, () => host.tick(), votes);
  return desk;
}
