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
const aside = start(bridge, query.get("window") ?? "main");
Object.assign(window, { fake: bridge, aside });

/** What a picture wants open: ?open=q6&sheet=keys&numbers&find=token */
const PICTURE_MS = 600;
setTimeout(() => {
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
  if (query.has("form") && aside instanceof Aside) aside.sheet = { kind: "view", view: { id: "a", name: "Beamer", kinds: ["question"], words: ["beamer", "投影"], pattern: "row \\d+", people: [] } };
  if (query.has("guide") && aside instanceof Aside) aside.sheet = { kind: "guide" };
  desk.numbersShown = query.has("numbers");
}, PICTURE_MS);

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
