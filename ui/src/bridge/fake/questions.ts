// The invented questions of the desk, always the same, and what lane each stands in.
import type { Lane, Person, Question } from "../dto";

export const ME: Person = { user: "me", name: "Alex", avatar: null };
export const ANA: Person = { user: "ana", name: "Ana Ferreira", avatar: null };
const WEI: Person = { user: "wei", name: "魏敏", avatar: null };

const ASKERS = ["Mara Lindqvist", "林晓雨", "Tomás Vega", "陈思远", "أمينة الزهراء", "Ines", "王小明 Ming", "Dr. Oluwaseun Adébáyò-Ogunlesi of the Third Floor", "דניאל", "yuki_03"];
export const TEXTS = [
  "How do you keep the history gapless when the server gives no ids?",
  "请问 token 过期之后，客户端需要重新加入房间吗？",
  "Will there be a recording, and until when can we watch it?",
  "Is the slide deck available somewhere? The one about reconnecting went by quickly, and I would like to show it to my team tomorrow.",
  "断线超过一小时之后，中间的消息还能补齐吗？",
  "Which numbers do you watch during an event, and who looks at them?",
  "هل يمكن استخدام التطبيق بدون اتصال؟",
  "Does the free plan include the answer desk?",
  "如果两位工作人员同时回答同一个问题，会发生什么？",
  "What happens to my question when the session ends before you get to it? We are four people watching together in one room and each of us asked something, but only one of them appeared in the list so far.",
  "Can I ask anonymously?",
  "多语言字幕什么时候上线？",
];
const TAGS: string[][] = [[], ["recording"], [], ["slides", "follow-up"], ["重连"], [], [], ["pricing"], [], [], ["privacy"], ["字幕"]];

export const person = (index: number): Person => ({ user: `u-${index % ASKERS.length}`, name: ASKERS[index % ASKERS.length] ?? "", avatar: null });

export function blankQuestion(number: number, at: number): Question {
  return {
    id: `q${number}`,
    row: null,
    number,
    rev: 1,
    lane: "open",
    text: TEXTS[(number - 1) % TEXTS.length] ?? "",
    originalText: null,
    asker: person(number * 3),
    askedAt: at,
    review: "approved",
    work: "open",
    mergedInto: null,
    alsoAsked: [],
    stage: "none",
    pinned: false,
    votes: (number * 7) % 13,
    voted: false,
    tags: TAGS[(number - 1) % TAGS.length] ?? [],
    note: "",
    claim: null,
    presence: [],
    answers: 0,
    lastAnswer: 0,
    lastAnswerMine: false,
    firstAnswerAt: null,
    closedAt: null,
    closeReason: null,
    changedBy: "",
    changedByMine: false,
    hasDraft: false,
    held: false,
    leaving: [],
    unsent: [],
  };
}

const DONE = new Set(["answered", "dismissed", "follow_up", "merged"]);

export function laneOf(question: Question): Lane {
  if (question.review === "pending") return "review";
  if (question.review === "rejected" || DONE.has(question.work)) return "done";
  if (question.stage !== "none") return "live";
  return question.claim?.mine === true ? "mine" : "open";
}

export const CLAIM_MS = 90_000;

/** A desk in the middle of an event. */
export function busyDesk(now: number, mine: boolean): Question[] {
  const at = (seconds: number): number => now - seconds * 1_000;
  const q = (number: number, seconds: number, change: Partial<Question> = {}): Question => {
    const made = { ...blankQuestion(number, at(seconds)), ...change };
    return { ...made, lane: laneOf(made) };
  };
  const claim = (by: Person, seconds: number) => ({ by, mine: by === ME, device: "desk", otherDevice: false, at: at(seconds), expiresAt: at(seconds) + CLAIM_MS });
  return [
    q(1, 1_260, { work: "answered", answers: 1, lastAnswer: 11, firstAnswerAt: at(1_180), closedAt: at(1_180), closeReason: "text", changedBy: ANA.name, votes: 21 }),
    q(2, 1_100, { work: "answered", answers: 1, lastAnswer: 12, firstAnswerAt: at(900), closedAt: at(900), closeReason: "spoken", changedBy: WEI.name }),
    q(3, 760, { votes: 14, alsoAsked: ["Ines", "林晓雨"], pinned: true }),
    q(4, 645, { claim: claim(ANA, 22), work: "claimed", presence: [{ who: ANA, doing: "drafting", mine: false }] }),
    q(5, 540, { presence: [{ who: WEI, doing: "viewing", mine: false }] }),
    q(6, 410, { hasDraft: mine, claim: mine ? claim(ME, 12) : null, work: mine ? "claimed" : "open" }),
    q(7, 330, { work: "dismissed", closedAt: at(300), closeReason: "off_topic", changedBy: WEI.name }),
    q(8, 275, { stage: "now", claim: claim(WEI, 40), work: "claimed" }),
    q(9, 215, { stage: "next", votes: 9 }),
    q(10, 140, {}),
    q(11, 61, { presence: [{ who: ANA, doing: "viewing", mine: false }] }),
    q(12, 18, {}),
    q(13, 44, { number: 0, review: "pending", text: "Is this the right place to ask about invoices?" }),
    q(14, 9, { number: 0, review: "pending", text: "为什么不做安卓版？？" }),
  ];
}
