// What rules do to rows once they are judged: folds, sounds, and colours that can be read on.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import type { Row } from "../src/bridge/dto";
import { FakeBridge } from "../src/bridge/fake/fake";
import { FakeRoom } from "../src/bridge/fake/room";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { layout } from "../src/state/layout";
import { samples, Sounds } from "../src/state/sounds";
import { Timeline } from "../src/state/timeline.svelte";

describe("muted rows", () => {
  const ruled = { rule: "r", muted: true, colour: null, sound: null };
  const rows = (...said: Partial<Row>[]): Row[] => {
    const room = new FakeRoom();
    return said.map((each) => room.say({ kind: "message", user: "a", ...each }, 0));
  };

  it("stand together until something else, a day or the unread line comes between", () => {
    const day = 86_400_000;
    const all = rows({ ruled }, { ruled }, {}, { ruled }, { ruled, createdAt: day * 2, receivedAt: day * 2 }, { ruled, createdAt: day * 2, receivedAt: day * 2 });
    const runs = (line: number | null): (number | null)[] => layout([], all, { line, recycle: false }).map(({ run }) => run && run.length);
    expect(runs(null)).toEqual([2, 0, null, 1, 2, 0]);
    expect(runs(all[0]?.place ?? 0)).toEqual([1, 1, null, 1, 2, 0]);
  });

  it("take no name from the row above that is not, and give it none", () => {
    const items = layout([], rows({}, { ruled }, {}), { line: null, recycle: false });
    expect(items.map(({ grouped }) => grouped)).toEqual([false, false, false]);
  });
});

describe("sounds", () => {
  it("are heard for what comes, not for what is read back, and not for one's own", async () => {
    const bridge = new FakeBridge(sceneFrom(new URLSearchParams("rows=400")));
    const heard: string[] = [];
    const timeline = new Timeline("1", bridge, () => undefined, (rows) => heard.push(...rows.map(({ text }) => text)));
    const next = async (): Promise<void> => {
      await timeline.apply(await bridge.pull({ ...timeline.wish, questionsSince: null }));
    };
    await timeline.open(false);
    await timeline.older(0);
    await timeline.repaint();
    expect(heard).toEqual([]);
    const first = bridge.room.say({ kind: "message", user: "bo", text: "first" }, 0);
    bridge.room.echo({ kind: "message", user: "me", text: "mine" }, 0);
    await next();
    bridge.room.change(first.key, { text: "changed" });
    await next();
    expect(heard).toEqual(["first"]);
    timeline.hold();
    bridge.room.say({ kind: "message", user: "bo", text: "while one reads" }, 0);
    await next();
    await timeline.goTo("1", 1);
    await timeline.toEnd();
    await next();
    expect(heard).toEqual(["first", "while one reads"]);
    for (let n = 0; n < 500; n++) bridge.room.say({ kind: "message", user: "bo", text: `flood ${n}` }, 0);
    await next();
    expect(heard.at(-1)).toBe("flood 499");
    timeline.close();
  });

  it("come one in so many seconds, at the volume that was chosen", async () => {
    const heard: number[] = [];
    let late = 0;
    const buffer = { copyToChannel: (wave: Float32Array) => heard.push(Math.max(...wave.map(Math.abs))) };
    const ends: (() => void)[] = [];
    const source = {
      buffer: null,
      connect: () => undefined,
      start: () => undefined,
      addEventListener: (_: string, ended: () => void) => ends.push(ended),
    };
    let open = false;
    const resume = (): Promise<void> => ((open = true), new Promise((done) => void setTimeout(done, late)));
    const suspend = (): Promise<void> => Promise.resolve(void (open = false));
    const context = { sampleRate: 8_000, destination: {}, resume, suspend, createBuffer: () => buffer, createBufferSource: () => source };
    vi.useFakeTimers();
    vi.stubGlobal("AudioContext", function () {
      return context;
    });
    const sounds = new Sounds();
    const play = async (volume: number, now: number): Promise<void> => {
      sounds.play("drop", volume, 5, now);
      await vi.advanceTimersByTimeAsync(1);
    };
    await play(50, 0);
    await play(50, 4_999);
    await play(100, 5_000);
    expect(open).toBe(true);
    ends.shift()?.();
    await vi.advanceTimersByTimeAsync(1);
    expect(open, "while another plays").toBe(true);
    ends.shift()?.();
    await vi.advanceTimersByTimeAsync(1);
    expect(open, "for nothing").toBe(false);
    await play(0, 99_000);
    late = 3_000;
    await play(70, 100_000);
    await vi.advanceTimersByTimeAsync(late);
    late = 30_000;
    await play(100, 200_000);
    await vi.advanceTimersByTimeAsync(late);
    expect(heard.map((peak) => Math.round(peak * 10) / 10)).toEqual([0.1, 0.4, 0.2]);
    vi.stubGlobal("AudioContext", undefined);
    new Sounds().play("bell", 50, 1, 0);
    await vi.advanceTimersByTimeAsync(1);
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it.each(["drop", "bell", "knock"] as const)("of a %s begin and end without a click, and none is cut off", (sound) => {
    const wave = samples(sound, 1, 48_000);
    const loud = wave.map(Math.abs);
    expect(loud[0]).toBe(0);
    expect(loud.at(-1)).toBeLessThan(0.001);
    expect(Math.max(...loud)).toBeGreaterThan(0.3);
    expect(Math.max(...loud)).toBeLessThanOrEqual(0.8);
    // Loudest at the beginning, once the output is awake.
    const at = loud.indexOf(Math.max(...loud)) / 48;
    expect([at > 200, at < 205]).toEqual([true, true]);
  });
});

describe("the six colours", () => {
  const css = readFileSync(join(import.meta.dirname, "../src/tokens.css"), "utf8");
  const token = (name: string): [string, string] => {
    const found = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(css);
    return [found?.[1] ?? "", found?.[2] ?? ""];
  };
  const light = (hex: string): number => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a: string, b: string): number => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);

  it.each(["red", "amber", "green", "teal", "blue", "violet"])("%s can be read on and seen beside, light and dark", (name) => {
    for (const theme of [0, 1] as const) {
      for (const text of ["text", "muted", "accent"]) expect(contrast(token(text)[theme], token(`mark-${name}-tint`)[theme]), `${text} ${theme}`).toBeGreaterThanOrEqual(4.5);
      expect(contrast(token(`mark-${name}`)[theme], token("bg")[theme])).toBeGreaterThanOrEqual(3);
    }
  });
});
