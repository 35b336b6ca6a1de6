// What each command does to the desk; the keys, the palette and the buttons all come through here.
import type { Question, Step } from "../../bridge/dto";
import type { Key } from "../../i18n/catalogue";
import type { AnswerDesk } from "./desk.svelte";
import type { CommandId } from "./keys";
import { LANES } from "./order";
import type { Why } from "./undo.svelte";

const CLOSED = new Set(["answered", "dismissed", "follow_up"]);

/** Two presses within this time are one wish. */
const TWICE_MS = 700;

type Make = (question: Question) => Step | null;

/** What can be done with something that waits for review, or was rejected; all else only with a question. */
const REVIEWING: ReadonlySet<CommandId> = new Set<CommandId>(["approve", "reject", "reopen"]);
/** What is done with a question in a sheet of its own. */
const SHEETS: ReadonlySet<CommandId> = new Set<CommandId>(["takeOver", "tag", "merge", "editText"]);

const fits = (id: CommandId, question: Question): boolean => question.review === "approved" || REVIEWING.has(id);

const isOpen = (question: Question): boolean => question.work === "open" || question.work === "claimed";

/** The steps that one key each is for; null where a question does not need it. */
const steps: Partial<Record<CommandId, Make>> = {
  claim: (question) => (question.claim?.mine ? { do: "release" } : isOpen(question) && question.claim === null ? { do: "claim", takeOver: false } : null),
  answered: (question) => (isOpen(question) ? { do: "answered", reason: "spoken" } : null),
  answeredNext: (question) => (isOpen(question) ? { do: "answered", reason: "spoken" } : null),
  dismiss: (question) => (isOpen(question) ? { do: "dismiss", reason: null } : null),
  followUp: (question) => (isOpen(question) ? { do: "follow_up" } : null),
  reopen: (question) => (question.review === "rejected" ? { do: "review_again" } : CLOSED.has(question.work) ? { do: "reopen" } : question.work === "merged" ? { do: "unmerge" } : null),
  approve: (question) => (question.review === "approved" ? null : { do: "approve" }),
  reject: (question) => (question.review === "rejected" ? null : { do: "reject", reason: null }),
  pin: (question) => ({ do: "pin", pinned: !question.pinned }),
  live: (question) => ({ do: "stage", stage: question.stage === "now" ? "none" : "now" }),
  stageNext: (question) => ({ do: "stage", stage: question.stage === "next" ? "none" : "next" }),
};

/** Why something was dismissed, by a command each. */
export const WHYS = [
  { id: "whyOffTopic", why: "off_topic", words: "reason.offTopic" },
  { id: "whyDuplicate", why: "duplicate", words: "reason.duplicate" },
  { id: "whyAbuse", why: "abuse", words: "reason.abuse" },
] as const satisfies readonly { id: CommandId; why: Why; words: Key }[];

const whyOf = (id: CommandId): Why | undefined => WHYS.find((one) => one.id === id)?.why;

/** What a step is for: what was chosen in the list, else the question that is open. */
function targets(desk: AnswerDesk): readonly Question[] {
  const { chosen } = desk.board;
  return chosen.length > 0 || !desk.question ? chosen : [desk.question];
}

/** A claim says that one is about to answer: whoever speaks for nobody would be refused. */
const speechless = ({ status }: AnswerDesk): boolean => status?.kind === "server" && !status.canAnswer;

/** Whether a command makes sense at all: the palette leaves the others out. */
export function offered(id: CommandId, desk: AnswerDesk): boolean {
  const make = steps[id];
  const chosen = targets(desk).filter((question) => (!make && !SHEETS.has(id)) || fits(id, question));
  const server = desk.status?.kind === "server";
  if (id === "takeOver") return server && !speechless(desk) && chosen.some((question) => question.claim !== null && !question.claim.mine);
  if ((id === "claim" || id === "reply") && speechless(desk)) return id === "claim" && chosen.some((question) => question.claim?.mine);
  if ((id === "claim" || id === "editText") && !server) return false;
  if (id === "approve" || id === "reject") return desk.status?.canReview === true && chosen.some((question) => make?.(question));
  if (make) return chosen.some((question) => make(question) !== null);
  if (["tag", "merge", "editText", "reply", "open"].includes(id)) return chosen.length > 0;
  if (id === "undo") return desk.undo.way !== null;
  if (whyOf(id)) return desk.undo.last?.dismissed !== undefined;
  if (id === "sumUp") return desk.undo.last?.spoken !== undefined;
  if (id === "guide" || id === "textLarger" || id === "textSmaller" || id === "textUsual" || id === "makeQuestion" || id === "removeRow" || id === "moderation" || id === "readHere" || id === "viewNext" || id === "viewPrevious" || id === "leave") return false;
  return true;
}

export function run(id: CommandId, desk: AnswerDesk): void {
  const { board } = desk;
  const make = steps[id];
  if (make) return void step(id, desk, (question) => (fits(id, question) ? make(question) : null));
  const why = whyOf(id);
  if (why) return void desk.because(why);
  const lane = /^lane([1-5])$/.exec(id)?.[1];
  if (lane) return show(desk, Number(lane) - 1);
  if (id === "takeOver" && speechless(desk)) return refuse(desk);
  if (id === "takeOver" && desk.leads()) return void step(id, desk, ({ claim }) => (claim && !claim.mine ? { do: "claim", takeOver: true } : null));
  const one = board.chosen[0]?.id ?? desk.opened;
  switch (id) {
    case "next":
    case "extendNext":
      return moved(desk, board.move(1, id === "extendNext"));
    case "previous":
    case "extendPrevious":
      return moved(desk, board.move(-1, id === "extendPrevious"));
    case "first":
      return moved(desk, board.move(-board.shown.length));
    case "last":
      return moved(desk, board.move(board.shown.length));
    case "needsMe":
      return desk.needsMe();
    case "apply":
      desk.noteMissed();
      return board.refresh();
    case "open":
      return one === null ? undefined : desk.open(one);
    case "reply":
      return desk.reply();
    case "takeOver":
    case "tag":
    case "merge":
    case "editText":
      return one === null || board.items.get(one)?.review !== "approved" ? undefined : void (desk.sheet = { kind: id === "tag" ? "tags" : id === "editText" ? "text" : id, question: one });
    case "sumUp":
      return desk.undo.last?.spoken === undefined ? undefined : void (desk.sheet = { kind: "note", question: desk.undo.last.spoken });
    case "undo":
      return void desk.undoLast();
    case "leave":
      return leave(desk, Date.now());
    case "advance":
      return void advance(desk);
    case "present":
      return void desk.present(true);
    case "help":
      return void (desk.sheet = { kind: "keys" });
    case "goTo":
    case "search":
    case "palette":
    case "export":
      return void (desk.sheet = { kind: id });
    case "numbers":
      return void (desk.numbersShown = !desk.numbersShown);
    default:
      return undefined;
  }
}

function refuse(desk: AnswerDesk): void {
  desk.error = { code: "role_refused", params: {} };
}

async function step(id: CommandId, desk: AnswerDesk, make: Make): Promise<void> {
  const holder = id === "claim" ? targets(desk)[0]?.claim : null;
  if (id === "claim" && speechless(desk) && !holder?.mine) return refuse(desk);
  // Whoever wants what another has learns the name at once.
  if (holder && !holder.mine) {
    desk.error = { code: "claimed", params: { who: holder.by.name } };
    return;
  }
  if (await desk.step(targets(desk), make)) if (id === "answeredNext") desk.needsMe();
}

/** First out of the question, then out of the selection; twice in a row out of the composer gives the claim back. */
function leave(desk: AnswerDesk, now: number): void {
  const { question } = desk;
  const again = now - desk.leftAt < TWICE_MS;
  desk.leftAt = 0;
  if (again && question?.claim?.mine) void desk.step([question], () => ({ do: "release" }));
  else if (desk.opened !== null) desk.shut();
  else desk.board.select(null);
}

function show(desk: AnswerDesk, index: number): void {
  const lane = LANES[index];
  if (!lane) return;
  desk.board.show(lane);
  desk.focusWish = "list";
}

/** With a question open, the one that is gone to is opened instead. */
function moved(desk: AnswerDesk, id: string | null): void {
  if (id === null) return;
  if (desk.opened !== null && desk.board.marked.size === 0) desk.open(id);
  desk.focusWish = "list";
}

/** What is on stage was answered there, and what comes next is on. */
async function advance(desk: AnswerDesk): Promise<void> {
  const all = [...desk.board.items.values()];
  const now = all.find((question) => question.stage === "now");
  const next = all.find((question) => question.stage === "next");
  await desk.step([now, next].filter((one) => one !== undefined), (one) => (one === next ? { do: "stage", stage: "now" } : { do: "answered", reason: "spoken" }));
}
