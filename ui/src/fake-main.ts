// The entry for development and pictures: the same window on an invented room. Never part of the shipped bundle.
import { FakeBridge } from "./bridge/fake/fake";
import { sceneFrom } from "./bridge/fake/scenes";
import { start } from "./start";
import { Aside } from "./state/aside.svelte";
import type { DeskSheet } from "./state/desk/desk.svelte";
import "./tokens.css";
import "./base.css";

const query = new URLSearchParams(location.search);
const bridge = new FakeBridge(sceneFrom(query));
bridge.look = { ...bridge.look, view: query.get("view") ?? "" };
bridge.toured = !query.has("tour");
const aside = start(bridge, query.get("window") ?? "main");
Object.assign(window, { fake: bridge, aside });

/** What a picture wants open: ?open=q6&sheet=keys&numbers&find=token&host=form|share|door&show=archive|diagnostic&menu&actions&tour */
const PICTURE_MS = 600;
setTimeout(() => {
  const host = query.get("host");
  if (host === "door") document.querySelectorAll<HTMLElement>(".doors button")[2]?.click();
  else if (host === "form" && aside instanceof Aside) aside.sheet = { kind: "host", editing: null };
  else if (host === "share" && aside instanceof Aside) void bridge.host.tryDemo().then((room) => (aside.sheet = { kind: "hosting", room: { ...room, label: "Northlight 2026" } }));
  const desk = aside instanceof Aside ? aside.desk : null;
  if (!desk) return;
  const [open, sheet, find, write] = ["open", "sheet", "find", "write"].map((name) => query.get(name));
  if (open) {
    desk.board.goTo(open);
    desk.open(open);
  }
  if (write) setTimeout(() => desk.answer?.type(write), PICTURE_MS);
  if (sheet) desk.sheet = (open ? { kind: sheet, question: open } : { kind: sheet }) as DeskSheet;
  if (find) desk.search.type(find);
  if (query.has("order") && aside instanceof Aside) void keepOrder(aside, query.get("order") ?? "");
  if (query.has("form") && aside instanceof Aside) aside.sheet = { kind: "view", view: { id: "a", name: "Beamer", kinds: ["question"], words: ["beamer", "投影"], pattern: "row \\d+", people: [] } };
  const shown = query.get("show");
  if (shown === "archive") void bridge.archiveRoom("2", true);
  if (aside instanceof Aside && (shown === "archive" || shown === "diagnostic")) aside.sheet = { kind: shown };
  if (query.has("actions")) document.querySelector<HTMLElement>("li[data-room] .icon-button")?.click();
  if (query.has("menu")) document.querySelector<HTMLElement>("header .more button")?.click();
  if (query.has("guide") && aside instanceof Aside) aside.sheet = { kind: "guide" };
  desk.numbersShown = query.has("numbers");
}, PICTURE_MS);

/** ?order=toast|sheet|silence|remove|muted|menu shows a room in which order was kept. */
async function keepOrder(aside: Aside, what: string): Promise<void> {
  const { order, room } = bridge;
  const said = room.rows.filter((row) => row.kind === "message");
  for (const row of said.slice(-3)) room.change(row.key, { id: `e${row.key}` });
  const last = room.row(said.at(-1)?.key ?? "");
  if (!last) return;
  await order.mute("1", said.at(-8)?.user ?? "", 600, "spam");
  await order.slow("1", 30);
  await order.remove("1", last.key, "insult");
  await order.removeNow("1", last.id ?? "");
  if (what === "muted") order.mutedUntil = Date.now() + 540_000;
  if (what === "muted") room.say({ kind: "message", user: "me", name: "Alex", mine: true, text: "But I only asked", delivery: "failed", failure: "muted", failureReason: new Date(Date.now() + 540_000).toISOString() }, Date.now());
  if (what === "toast") await order.remove("1", said.at(-2)?.key ?? "", "");
  bridge.tick();
  const row = room.row(said.at(-3)?.key ?? "") ?? last;
  if (what === "sheet") aside.sheet = { kind: "moderation" };
  if (what === "silence") aside.sheet = { kind: "silence", who: said.at(-8) ?? row };
  if (what === "remove") aside.sheet = { kind: "remove", row };
  if (what === "menu") setTimeout(() => document.querySelector(`article[data-key="${row.key}"]`)?.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX: 90, clientY: 200 })), PICTURE_MS);
}

/** ?axe says in the page what is wrong with it, colours included, for a browser without a head: --dump-dom. */
if (query.has("axe"))
  setTimeout(async () => {
    const { default: axe } = await import("axe-core");
    const { violations } = await axe.run(document);
    const report = document.createElement("pre");
    report.id = "axe";
    report.textContent = JSON.stringify(violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ target, failureSummary }) => [target.join(" "), failureSummary]) })), null, 1);
    document.body.append(report);
  }, PICTURE_MS * 3);
