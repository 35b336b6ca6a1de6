// The root of state: one pull per tick and frame, nothing while hidden, rooms that come and go.
import { describe, expect, it } from "vitest";
import type { ExportState, SavedRoom } from "../src/bridge/dto";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { Aside } from "../src/state/aside.svelte";
import type { Frames } from "../src/state/pulse";

class HandFrames implements Frames {
  shown = true;
  #waiting: (() => void)[] = [];

  next(call: () => void): void {
    this.#waiting.push(call);
  }

  later(call: () => void): void {
    this.next(call);
  }

  visible(): boolean {
    return this.shown;
  }

  async paint(): Promise<void> {
    for (const call of this.#waiting.splice(0)) call();
    await settled();
  }
}

const settled = (): Promise<void> => new Promise((done) => setTimeout(done));

async function started(query = "rows=50"): Promise<{ bridge: FakeBridge; frames: HandFrames; aside: Aside }> {
  const bridge = new FakeBridge(sceneFrom(new URLSearchParams(query)));
  const frames = new HandFrames();
  const aside = new Aside(bridge, "main", frames);
  await aside.start();
  await frames.paint();
  bridge.calls.length = 0;
  return { bridge, frames, aside };
}

const pulls = (bridge: FakeBridge): number => bridge.calls.filter(([name]) => name === "pull").length;

it("shows the rows that came with the start, without asking for them again", async () => {
  const bridge = new FakeBridge(sceneFrom(new URLSearchParams("rows=400")));
  const aside = new Aside(bridge, "main", new HandFrames());
  await aside.start();
  expect(aside.timeline?.items.at(-1)?.row.key).toBe(bridge.room.rows.at(-1)?.key);
  expect([aside.timeline?.hasOlder, aside.timeline?.following]).toEqual([true, true]);
  expect(bridge.calls.filter(([name]) => name === "page")).toEqual([]);
});

it("goes on with a room into which somebody only looked, and opens no room that is gone", async () => {
  for (const room of ["3", "gone"]) {
    const bridge = new FakeBridge(sceneFrom(new URLSearchParams("rows=50")));
    const aside = new Aside(bridge, "main", new HandFrames());
    const boot = bridge.boot.bind(bridge);
    bridge.boot = async (rows) => ({ ...(await boot(rows)), room, page: null });
    await aside.start();
    expect([aside.currentId, bridge.calls.some(([name]) => name === "openRoom")]).toEqual([room === "3" ? "3" : null, false]);
  }
});

it("keeps what the shell said while it was asked again", async () => {
  const bridge = new FakeBridge(sceneFrom(new URLSearchParams("rows=50")));
  const aside = new Aside(bridge, "main", new HandFrames());
  const boot = bridge.boot.bind(bridge);
  let times = 0;
  bridge.boot = async (rows) => {
    const before = await boot(rows);
    const settings = { ...before.settings, theme: "dark" as const };
    if (++times === 2) bridge.emit("settings", settings);
    return times === 3 ? { ...before, settings, closing: true } : before;
  };
  await aside.start();
  expect([times, aside.settings.theme, aside.sheet]).toEqual([3, "dark", { kind: "close", over: null }]);
});

it("goes to the place that was named last, in its room alone", async () => {
  for (const [second, elsewhere] of [[true, false], [false, false], [false, true]]) {
    const bridge = new FakeBridge(sceneFrom(new URLSearchParams("rows=50")));
    const aside = new Aside(bridge, "main", new HandFrames());
    const [older, newer] = [bridge.room.rows[3], bridge.room.rows[7]].map((row) => ({ key: row?.key ?? "", place: row?.place ?? 0 }));
    const boot = bridge.boot.bind(bridge);
    let times = 0;
    bridge.boot = async (rows) => {
      const spot = ++times === 1 ? older : second ? newer : null;
      return { ...(await boot(rows)), spot: spot ?? null };
    };
    const gone: unknown[] = [];
    aside.goTo = async (spot) => void gone.push(spot);
    const started = aside.start(async () => {
      if (elsewhere) aside.currentId = "another";
    });
    await started;
    expect(gone).toEqual(elsewhere ? [] : [second ? newer : older]);
  }
});

describe("ticks", () => {
  it("are answered at once, and where there is more than a row or two by one pull a frame, however many come", async () => {
    const { bridge, frames, aside } = await started();
    for (const text of ["well", "well", "hello"]) bridge.room.say({ kind: "message", text }, 0);
    bridge.emit("tick", null);
    await settled();
    expect(pulls(bridge)).toBe(1);
    expect(aside.timeline?.items.at(-1)?.row.text).toBe("hello");
    for (let i = 0; i < 5; i++) bridge.emit("tick", null);
    await settled();
    expect(pulls(bridge)).toBe(1);
    await frames.paint();
    expect(pulls(bridge)).toBe(2);
    await frames.paint();
    await frames.paint();
    expect(pulls(bridge)).toBe(2);
  });

  it("are not answered while hidden; becoming visible shows everything that came", async () => {
    const { bridge, frames, aside } = await started();
    frames.shown = false;
    aside.setVisible(false);
    for (let i = 0; i < 50; i++) bridge.room.say({ kind: "message", text: `away ${i}` }, 0);
    bridge.emit("tick", null);
    await frames.paint();
    expect(pulls(bridge)).toBe(0);
    frames.shown = true;
    aside.setVisible(true);
    await settled();
    await frames.paint();
    const items = aside.timeline?.items ?? [];
    expect(items.slice(-50).map((item) => item.row.text)).toEqual(Array.from({ length: 50 }, (_, i) => `away ${i}`));
    expect(items.findIndex((item) => item.unread)).toBe(items.length - 50);
  });

  it("go on after a pull that failed", async () => {
    const { bridge, frames } = await started();
    bridge.failing.set("pull", "closing");
    bridge.emit("tick", null);
    await frames.paint();
    bridge.failing.clear();
    bridge.emit("tick", null);
    await frames.paint();
    expect(pulls(bridge)).toBe(2);
  });
});

describe("where the reader stands", () => {
  const stand = { key: "120", place: 120, top: 12.5, after: 120 };

  it("is told when the window is hidden, and the next page goes on there", async () => {
    const { bridge, aside } = await started("rows=400");
    const { timeline } = aside;
    if (!timeline) throw new Error("no timeline");
    timeline.stand = () => stand;
    aside.setVisible(false);
    await settled();
    expect(bridge.stands).toEqual({ 1: stand });
    const next = new Aside(bridge, "main", new HandFrames());
    await next.start();
    expect([next.timeline?.goal, next.timeline?.following]).toEqual([stand, false]);
    timeline.stand = () => null;
    aside.setVisible(false);
    await settled();
    expect(bridge.stands).toEqual({});
  });

  it("is forgotten once they have left the room, and kept for the rooms that were not on screen since", async () => {
    const { bridge } = await started("rows=400");
    bridge.stands = { 1: stand, 2: stand };
    const aside = new Aside(bridge, "main", new HandFrames());
    await aside.start();
    await aside.show("3");
    aside.setVisible(false);
    await settled();
    expect(bridge.stands).toEqual({ 2: stand });
    await aside.show("1");
    expect(aside.timeline?.following).toBe(true);
    await aside.show("2");
    expect(aside.timeline?.goal).toEqual(stand);
  });

  it("is where a window appears that can be seen while its rows are on their way", async () => {
    const { bridge } = await started("rows=400");
    bridge.stands = { 1: stand };
    const aside = new Aside(bridge, "main", new HandFrames());
    const begun = aside.start();
    while (!aside.timeline) await Promise.resolve();
    expect(aside.timeline.loaded).toBe(false);
    aside.setVisible(true);
    await begun;
    await settled();
    expect([aside.timeline.goal, aside.timeline.following]).toEqual([stand, false]);
  });

  it("is still known when the window is hidden again before its rows came", async () => {
    const { bridge } = await started("rows=400");
    bridge.stands = { 1: stand };
    bridge.failing.set("page", "timeout");
    const aside = new Aside(bridge, "main", new HandFrames());
    await aside.start();
    aside.setVisible(false);
    await settled();
    expect(bridge.stands).toEqual({ 1: stand });
  });
});

describe("rooms", () => {
  it("that are not open are opened when shown, and what was being written waits in the other", async () => {
    const { bridge, aside } = await started();
    aside.composer?.type("half a thought");
    await aside.show("3");
    expect(bridge.calls.some(([name, room]) => name === "openRoom" && room === "3")).toBe(true);
    expect(bridge.drafts.get("1")).toEqual({ text: "half a thought", mode: "message" });
    await aside.show("1");
    expect(aside.composer?.text).toBe("half a thought");
  });

  it("without a token ask for one, and open with it", async () => {
    const { bridge, aside } = await started();
    bridge.failing.set("openRoom", "token_missing");
    await aside.show("3");
    expect(aside.sheet?.kind).toBe("token");
    bridge.failing.clear();
    expect(await aside.list.useToken("3", "t")).toBeNull();
    expect([aside.sheet, aside.statuses.has("3")]).toEqual([null, true]);
  });

  it("bring back what was being written once they are there", async () => {
    const { bridge, aside } = await started();
    bridge.drafts.set("3", { text: "half a thought", mode: "message" });
    for (const call of ["openRoom", "page", "draft"]) bridge.failing.set(call, "token_missing");
    await aside.show("3");
    bridge.failing.clear();
    await aside.list.useToken("3", "t");
    expect([aside.composer?.text, aside.timeline?.loaded]).toEqual(["half a thought", true]);
  });

  it("that became other ones are read anew, in every window, and one that has another name alone is not", async () => {
    const { bridge, aside } = await started("rows=50&desk=server");
    const room = aside.current as SavedRoom;
    const parts = (): unknown[] => [aside.timeline, aside.composer, aside.desk];
    let before = parts();
    await aside.list.joined({ ...room, form: { ...room.form, name: "Alexandra" } });
    expect(parts()).toEqual(before);
    await aside.list.joined({ ...room, form: { ...room.form, topic: "another" } });
    expect(parts().filter((part) => before.includes(part))).toEqual([]);
    await settled();
    expect([aside.currentId, aside.timeline?.loaded]).toEqual(["1", true]);
    before = parts();
    bridge.emit("rooms", aside.rooms.map((one) => (one.id === "1" ? { ...one, form: { ...one.form, stream: "another" } } : one)));
    await settled();
    expect(parts().filter((part) => before.includes(part))).toEqual([]);
    expect([aside.currentId, aside.timeline?.loaded]).toEqual(["1", true]);
  });

  it("that are brought back otherwise are no longer offered to be", async () => {
    const { aside } = await started();
    const room = aside.current as SavedRoom;
    await aside.list.archive(room);
    expect(aside.list.done?.room.id).toBe("1");
    await aside.list.bringBack(room);
    expect([aside.list.done, aside.rooms[0]?.archived]).toEqual([null, false]);
  });

  it("can be left and forgotten", async () => {
    const { aside } = await started();
    await aside.list.leave("1");
    expect([aside.currentId, aside.timeline, aside.rooms.find(({ id }) => id === "1")?.open]).toEqual([null, null, false]);
    await aside.list.forget("1");
    expect(aside.rooms.map(({ id }) => id)).toEqual(["2", "3"]);
  });
});

it("counts what came back after the connection was lost", async () => {
  const { bridge, frames, aside } = await started();
  bridge.connect({ state: "waiting", why: "network", retryAt: null });
  await frames.paint();
  bridge.recovered = 37;
  bridge.connect({ state: "online", why: null, retryAt: null });
  await frames.paint();
  expect([aside.phrase?.words, aside.phrase?.params?.n]).toEqual(["status.recovered", 37]);
});

it("reads the rows again when pictures of other servers are wanted, or no longer", async () => {
  const { bridge, aside } = await started();
  await aside.saveSettings({ picturesElsewhere: true });
  expect(bridge.calls.map(([name]) => name)).toEqual(["saveSettings", "page", "pull"]);
  bridge.calls.length = 0;
  await aside.saveSettings({ theme: "dark" });
  expect(bridge.calls.map(([name]) => name)).toEqual(["saveSettings"]);
});

it("shows how far the newest export of the room on screen is, and of no other", async () => {
  const { bridge, aside } = await started();
  const told = (room: string, number: number, state: ExportState): ExportState | undefined => {
    bridge.emit("export", { room, number, done: 1, total: 2, state, path: null, lacking: false, code: null });
    return aside.desk?.exporting.progress?.state;
  };
  expect(told("2", 1, "running")).toBeUndefined();
  expect(told("1", 3, "done")).toBe("done");
  expect(told("1", 2, "cancelled")).toBe("done");
  expect(told("2", 4, "failed")).toBe("done");
  expect(told("1", 5, "running")).toBe("running");
});

it("asks whether to keep running when the window is closed", async () => {
  const { bridge, aside } = await started();
  bridge.emit("close-asked", null);
  expect(aside.sheet?.kind).toBe("close");
});

it("speaks the language that is chosen, else the system's", async () => {
  const { bridge } = await started("rows=1&lang=zh-CN");
  expect(document.documentElement.lang).toBe("zh-CN");
  bridge.emit("settings", { ...bridge.scene.settings, locale: "en" });
  expect(document.documentElement.lang).toBe("en");
});
