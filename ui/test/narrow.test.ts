// Where the desk and the timeline take turns, whoever wants a question sees it.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { aside, bridge, close, settle, show } from "./inWindow";

const pane = (): string | undefined => document.querySelector<HTMLElement>(".window")?.dataset["pane"];
async function press(key: string): Promise<void> {
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  await settle();
}
async function toTimeline(): Promise<void> {
  aside.timelineWish++;
  await settle();
  (document.activeElement as HTMLElement | null)?.blur();
  expect(pane()).toBe("timeline");
}

beforeEach(async () => {
  vi.spyOn(window, "innerWidth", "get").mockReturnValue(900);
  await show();
  bridge.desk.holdsBack = true;
});
afterEach(async () => {
  vi.restoreAllMocks();
  await close();
});

it("N brings the question that needs somebody to the front", async () => {
  await toTimeline();
  await press("n");
  expect([aside.desk?.opened !== null, pane()]).toEqual([true, "questions"]);
});

it("a question that is gone to by its number comes to the front, also where it was open", async () => {
  aside.desk?.open("q3");
  await toTimeline();
  aside.desk?.open("q3");
  await settle();
  expect(pane()).toBe("questions");
});

it.each(["q3", "q5"])("Z brings the field to the front before it gives it the focus, with %s open", async (open) => {
  aside.desk?.open("q3");
  aside.desk?.answer?.type("At three.");
  await settle();
  expect(await aside.desk?.answer?.send()).toBe(true);
  aside.desk?.open(open);
  await settle();
  await toTimeline();
  const panes: (string | undefined)[] = [];
  const seen = (event: FocusEvent): void => void ((event.target as HTMLElement).matches(".composer textarea") && panes.push(pane()));
  document.addEventListener("focusin", seen);
  await press("z");
  document.removeEventListener("focusin", seen);
  expect([panes, pane(), aside.desk?.answer?.text]).toEqual([["questions"], "questions", "At three."]);
});

it("a room that is looked at anew shows what was chosen last", async () => {
  aside.desk?.open("q3");
  await toTimeline();
  await aside.show("2");
  await settle();
  await aside.show("1");
  await settle();
  expect(pane()).toBe("timeline");
});
