// The invented rooms for pictures and development, chosen by the page's address: ?scene=busy&lang=zh-CN&theme=dark&rate=20
import type { Connection, Notice, Settings } from "../dto";
import type { Said } from "./room";

export interface Scene {
  name: string;
  rows: Said[];
  unreadFrom: number | null;
  connection: Connection;
  settings: Settings;
  systemLocale: string;
  rooms: number;
  rate: number;
  notices: Notice[];
  sends: "settle" | "fail" | "hang";
  pageDelayMs: number;
  /** Whose eyes the room is seen with: the audience's, a desk's on a server that keeps it, or one kept on this computer. */
  desk: "audience" | "server" | "local";
  /** Whether questions, votes and colleagues come by themselves. */
  living: boolean;
  votes: number;
}

const NAMES = ["Mara Lindqvist", "林晓雨", "Tomás Vega", "陈思远", "أمينة الزهراء", "Ines", "王小明 Ming", "Dr. Oluwaseun Adébáyò-Ogunlesi of the Third Floor", "דניאל", "yuki_03"];
const LINES = [
  "Good evening from Gothenburg",
  "大家晚上好，画面很清楚 👍",
  "Can hear you loud and clear",
  "今天讲的是 WebSocket 的重连吗？我刚从另一个 session 过来。",
  "That slide went by quickly. Is it in the deck at https://example.org/slides/2026-11.pdf?",
  "مساء الخير جميعا، الصوت ممتاز اليوم",
  "One thing I would add: measure before you change anything, and write the number down, because next week nobody will believe it otherwise.",
  "😂😂",
  "第 3 页的图很有用，谢谢！参考 https://例え.jp/道（有中文版）。",
  "ok",
];
const QUESTIONS = ["How do you keep the history gapless when the server gives no ids?", "请问 token 过期之后，客户端需要重新加入房间吗？", "Will there be a recording, and until when can we watch it?"];
const ANSWERS: [string, string][] = [
  ["By laying the last page over the newest rows we have and looking for the longest run that agrees. Where nothing agrees, a gap row says so.", "Northlight Institute"],
  ["需要的。服务器会用 4401 断开，换上新令牌后会自动重新加入，期间的消息会补齐。", "北辰研究院"],
];

/** A conversation of three kinds, always the same. */
export function conversation(count: number, now: number): Said[] {
  const rows: Said[] = [];
  for (let i = 0; i < count; i++) {
    const who = Math.floor(i / (1 + (i % 3))) % NAMES.length;
    const at = now - (count - i) * 47_000;
    const person = { user: `u-${who}`, name: NAMES[who] ?? "", createdAt: at, receivedAt: at };
    if (i % 11 === 5) rows.push({ kind: "question", ...person, text: QUESTIONS[i % QUESTIONS.length] ?? "", id: `q${i}` });
    else if (i % 11 === 8) rows.push(answer(i, person));
    else rows.push({ kind: "message", ...person, text: LINES[i % LINES.length] ?? "" });
  }
  return rows;
}

function answer(i: number, person: Partial<Said>): Said {
  const [text, org] = ANSWERS[i % ANSWERS.length] ?? ["", ""];
  const long = i % 3 === 0 ? ` ${"I ask because we lost half an evening to it last month, and the recording showed that nobody had noticed for eleven minutes. ".repeat(2)}` : "";
  return { kind: "answer", ...person, text, org, question: (QUESTIONS[i % QUESTIONS.length] ?? "") + long };
}

/** Whoever draws names and lines must cope with these. */
const PEOPLE: [string, string][] = [
  ["中华人民共和国国家发展和改革委员会固定资产投资司项目管理处二〇二六年度联络员", "“引号”，——破折号……（括号）、《书名》：标点要全角；中文English混排123时留空隙。"],
  ["שלום 123 <b>", "שלום לכולם, השעה 20:30 בערב"],
  ["أمينة\u202e gnirts", "مرحبا (بالجميع) 100%"],
  ["👩‍👩‍👧‍👦🏳️‍🌈", "👩‍👩‍👧‍👦🏳️‍🌈🇳🇴 ꧁ ﷽ Ẩ̶̧Ǵ̵"],
  ["さくら", "直す・骨・刃・今・令は日本語の字形で。"],
  ["김민수", "骨과 直도 한국어 글꼴로 보여야 합니다."],
  ["ÅÄÖgjpqy", "ÅÄÖÉ gjpqy ẫ ộ"],
  ["x".repeat(200), "https://example.org/".padEnd(180, "a")],
  ["Lí", "繁體與简体：骨、直、角、令"],
];

const CHEERS = ["👏👏👏", "+1", "哈哈哈哈", "Yes!", "太棒了"];

/** What number `n` says where all speak at once: two of three what everybody says, the third something of their own. */
export function inCrowd(n: number, own: string): string {
  return n % 3 === 0 ? (n % 30 === 0 ? own : `${own} ${n}`) : (CHEERS[Math.floor(n / 60) % CHEERS.length] ?? "");
}

export function sceneFrom(query: URLSearchParams): Scene {
  const now = Date.now();
  const name = query.get("scene") ?? "busy";
  const online: Connection = { state: "online", why: null, retryAt: null };
  const scene: Scene = {
    name,
    rows: conversation(Number(query.get("rows") ?? 240), now),
    unreadFrom: null,
    connection: online,
    settings: {
      locale: (query.get("lang") ?? "en") as Settings["locale"],
      theme: (query.get("theme") ?? "system") as Settings["theme"],
      close: "ask",
      textSize: Number(query.get("size") ?? 100),
      density: (query.get("density") ?? "comfortable") as Settings["density"],
      picturesElsewhere: false,
      notifications: true,
      sideOpacity: Number(query.get("opacity") ?? 100),
      restAfterSecs: 60,
      unsendSecs: 6,
      startWithSystem: false,
      startHidden: true,
      keepTranscripts: true,
      transcriptDays: 30,
      transcriptMegabytes: 500,
      hoverFreezeMs: Number(query.get("hover") ?? 0),
      foldRepeats: query.get("fold") !== "off",
      sampleFast: query.get("sample") !== "off",
      fadeAfterSecs: Number(query.get("fade") ?? 0),
      dimRead: query.has("dim"),
      overlay: false,
      overlayRoom: "",
      streamerMode: "auto",
      notifyMarked: true,
      notifySilence: false,
      notifyText: false,
      notifyWaitingMins: 4,
      views: query.has("views") ? [{ id: "a", name: "Beamer", kinds: [], words: ["why", "how"], pattern: "", people: [] }] : [],
      proxy: { by: "system" },
    },
    systemLocale: navigator.language,
    rooms: Number(query.get("rooms") ?? 3),
    rate: Number(query.get("rate") ?? 0),
    notices: [],
    sends: "settle",
    pageDelayMs: Number(query.get("delay") ?? 0),
    desk: (query.get("desk") ?? "audience") as Scene["desk"],
    living: query.has("living"),
    votes: Number(query.get("votes") ?? 4),
  };
  shape(scene, now);
  return scene;
}

function shape(scene: Scene, now: number): void {
  switch (scene.name) {
    case "empty":
      scene.rows = [];
      break;
    case "people":
      scene.rows = PEOPLE.flatMap(([name, text], i): Said[] => [
        { kind: "message", user: `p${i}`, name, text, receivedAt: now - 60_000 },
        ...(i % 4 === 1 ? [{ kind: "question", user: `p${i}`, name, text, receivedAt: now - 60_000 } as const] : []),
      ]);
      break;
    case "first":
      scene.rooms = 0;
      break;
    case "fast":
      scene.rate ||= 60;
      break;
    case "unread":
      scene.unreadFrom = scene.rows.length - 9;
      break;
    case "offline":
      scene.connection = { state: "waiting", why: "network", retryAt: now + 14_000 };
      scene.sends = "hang";
      break;
    case "signIn":
      scene.connection = { state: "waiting", why: "sign_in", retryAt: now + 9_000 };
      scene.sends = "hang";
      break;
    case "refused":
      scene.connection = { state: "refused", why: "token", retryAt: null };
      break;
    case "failed":
      scene.sends = "fail";
      scene.notices = [{ code: "no_keyring", params: {} }];
      scene.rows.push(
        { kind: "gap", gap: "failed", missing: 37, receivedAt: now },
        { kind: "message", user: "u-3", name: NAMES[3] ?? "", text: "断线了一会儿，刚回来。", standing: "provisional" },
        { kind: "message", user: "me", name: "Alex", mine: true, text: "This one went through", delivery: "sent" },
        { kind: "message", user: "me", name: "Alex", mine: true, text: "Was this one received?", delivery: "unsure" },
        { kind: "question", user: "me", name: "Alex", mine: true, text: "And when does the second half begin?", delivery: "failed", failure: "429", failureReason: "at most 20 a minute" },
        { kind: "message", user: "me", name: "Alex", mine: true, text: "还在路上的一条", delivery: "sending" },
      );
      break;
    default:
      break;
  }
}
