// What the connection is called, over time.
import { describe, expect, it } from "vitest";
import type { Connection, ConnectionState } from "../src/bridge/dto";
import { phrase, signInPage, trackConnection, type Track } from "../src/state/connection";

const at = (state: ConnectionState, why: string | null = null): Connection => ({ state, why, retryAt: null });
const wasLive: Track = { lostAt: 0, everLive: true, backAt: null, stuck: null, recovered: 0 };

describe("a lost connection", () => {
  it.each([
    [0, "status.live", false],
    [1_999, "status.live", false],
    [2_000, "status.reconnecting", false],
    [9_999, "status.reconnecting", false],
    [10_000, "status.offline", true],
  ])("after %i ms: %s", (now, words, strip) => {
    const said = phrase(at("waiting", "network"), wasLive, now);
    expect([said.words, said.strip !== null]).toEqual([words, strip]);
  });

  it("counts from when it was lost, through every attempt, and starts over once online", () => {
    let track = trackConnection(undefined, at("online"), 0, 0);
    track = trackConnection(track, at("waiting"), 0, 1_000);
    track = trackConnection(track, at("connecting"), 0, 5_000);
    expect(track.lostAt).toBe(1_000);
    track = trackConnection(track, at("syncing"), 0, 6_000);
    expect([track.lostAt, track.everLive]).toEqual([null, true]);
  });

  it("is no less lost when the clock is set back", () => {
    const lost: Track = { ...wasLive, lostAt: 3_600_000 };
    expect(phrase(at("waiting"), lost, 5_000).tone).toBe("offline");
    expect(trackConnection(lost, at("connecting"), 0, 5_000).lostAt).toBe(5_000);
    const back: Track = { ...wasLive, lostAt: null, backAt: 3_600_000 };
    expect([phrase(at("online"), back, 5_000, 3).words, trackConnection(back, at("online"), 3, 5_000).backAt]).toEqual(["status.live", null]);
  });
});

it("a first attempt that fails says why at once", () => {
  const said = phrase(at("waiting", "dns"), { ...wasLive, everLive: false }, 100);
  expect([said.words, said.strip?.why]).toEqual(["status.connecting", "dns"]);
});

it("a refused token offers another one first, a wrong address offers to edit it", () => {
  expect(phrase(at("refused", "token"), wasLive, 0).strip?.remedies[0]).toBe("token");
  expect(phrase(at("refused", "not_found"), wasLive, 0).strip?.remedies[0]).toBe("edit");
  expect(phrase(at("refused"), wasLive, 0).strip?.why).toBe("unknown");
});

it("without a token nothing is sent, and what is kept can be read and exported", () => {
  const said = phrase(at("refused", "token_missing"), wasLive, 0);
  expect([said.tone, said.shut, said.held]).toEqual(["closed", true, "composer.noToken"]);
  expect(said.strip?.remedies).toEqual(["enter", "export"]);
  expect(phrase(at("refused", "token"), wasLive, 0).shut).toBeUndefined();
});

describe("what came back", () => {
  const told = (track: Track, recovered: number, now: number) => {
    const { words, params } = phrase(at("online"), track, now, recovered);
    return [words, params?.n];
  };

  it("is counted from the loss, while it comes, and told for ten seconds", () => {
    // Seven had been recovered by an earlier outage.
    let track = trackConnection(undefined, at("online"), 7, 0);
    expect(told(track, 7, 0)).toEqual(["status.live", undefined]);
    for (const [state, now] of [["waiting", 1_000], ["connecting", 20_000], ["joining", 20_100]] as const) track = trackConnection(track, at(state), 7, now);
    track = trackConnection(track, at("syncing"), 7, 20_200);
    expect(told(track, 7, 20_200)).toEqual(["status.live", undefined]);
    track = trackConnection(track, at("online"), 40, 21_000);
    expect(told(track, 40, 21_000)).toEqual(["status.recovered", 33]);
    track = trackConnection(track, at("online"), 44, 25_000);
    expect(told(track, 44, 25_000)).toEqual(["status.recovered", 37]);
    expect(told(track, 44, 30_200)).toEqual(["status.live", undefined]);
    // A gap that somebody fills by hand much later is no news of the connection.
    track = trackConnection(track, at("online"), 60, 90_000);
    expect(told(track, 60, 90_000)).toEqual(["status.live", undefined]);
    track = trackConnection(track, at("waiting"), 60, 91_000);
    track = trackConnection(track, at("online"), 61, 92_000);
    expect(told(track, 61, 92_000)).toEqual(["status.recovered", 1]);
  });

  it("is no news when a room is entered", () => {
    let track = trackConnection(undefined, at("connecting"), 0, 0);
    track = trackConnection(track, at("online"), 100, 500);
    expect(told(track, 100, 500)).toEqual(["status.live", undefined]);
  });
});

it.each([
  ["online", null],
  ["waiting", "composer.offline"],
  ["refused", "composer.refused"],
  ["closed", "composer.closed"],
] as const)("what is written while %s: %s", (state, held) => {
  expect(phrase(at(state), wasLive, 5_000).held).toBe(held);
});

it("a room that was left says so beside the way back", () => {
  expect(phrase(at("closed"), wasLive, 5_000).strip).toMatchObject({ why: "left", remedies: ["open"] });
});

it("a network that wants to be signed in to says so at once, and leads to where it can show its page", () => {
  const said = phrase(at("waiting", "sign_in"), wasLive, 100);
  expect([said.words, said.strip?.why, said.strip?.remedies]).toEqual(["status.reconnecting", "sign_in", ["signIn", "retry"]]);
  expect(signInPage("https://rooms.example:8443/base?x=1")).toBe("http://rooms.example/");
});

describe("a disk that is full", () => {
  const steps = [["waiting", "storage"], ["connecting", null], ["joining", null], ["syncing", null]] as const;

  it("is named from the first moment until the room is online, however near it comes in between", () => {
    let track = trackConnection(undefined, at("online"), 0, 0);
    for (let now = 1_000; now < 31_000; ) {
      for (const [state, why] of steps) {
        track = trackConnection(track, at(state, why), 0, now);
        const said = phrase(at(state, why), track, now);
        expect([state, said.strip?.why, said.words]).toEqual([state, "storage", now < 11_000 ? "status.reconnecting" : "status.offline"]);
        now += 500;
      }
    }
    track = trackConnection(track, at("online"), 0, 31_000);
    expect(phrase(at("online"), track, 31_000)).toMatchObject({ words: "status.live", strip: null });
    track = trackConnection(track, at("waiting", "network"), 0, 32_000);
    track = trackConnection(track, at("syncing"), 0, 33_000);
    expect(phrase(at("syncing"), track, 33_000).strip).toBeNull();
  });

  it("is no longer named where something else keeps us away", () => {
    let track = trackConnection(wasLive, at("waiting", "storage"), 0, 0);
    for (const [state, why] of [["waiting", "network"], ["connecting", null]] as const) track = trackConnection(track, at(state, why), 0, 1_000);
    expect(phrase(at("connecting"), track, 1_000).strip).toBeNull();
  });
});

it("a time that the server named is counted down, and nothing beside it promises a try before", () => {
  const until: Connection = { ...at("waiting", "server_busy"), retryAt: 900_000, asked: true };
  expect(phrase(until, wasLive, 10_000).strip).toEqual({ why: "server_busy", retryAt: 900_000, remedies: [] });
  expect(phrase({ ...until, asked: false }, wasLive, 10_000).strip?.remedies).toEqual(["retry"]);
});
