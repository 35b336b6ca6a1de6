// What the connection is called, over time.
import { describe, expect, it } from "vitest";
import type { Connection, ConnectionState } from "../src/bridge/dto";
import { phrase, trackConnection, type Track } from "../src/state/connection";

const at = (state: ConnectionState, why: string | null = null): Connection => ({ state, why, retryAt: null });
const wasLive: Track = { lostAt: 0, everLive: true };

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
    let track = trackConnection(undefined, at("online"), 0);
    track = trackConnection(track, at("waiting"), 1_000);
    track = trackConnection(track, at("connecting"), 5_000);
    expect(track.lostAt).toBe(1_000);
    track = trackConnection(track, at("syncing"), 6_000);
    expect(track).toEqual({ lostAt: null, everLive: true });
  });
});

it("a first attempt that fails says why at once", () => {
  const said = phrase(at("waiting", "dns"), { lostAt: 0, everLive: false }, 100);
  expect([said.words, said.strip?.why]).toEqual(["status.connecting", "dns"]);
});

it("a refused token offers another one first, a wrong address offers to edit it", () => {
  expect(phrase(at("refused", "token"), wasLive, 0).strip?.remedies[0]).toBe("token");
  expect(phrase(at("refused", "not_found"), wasLive, 0).strip?.remedies[0]).toBe("edit");
  expect(phrase(at("refused"), wasLive, 0).strip?.why).toBe("unknown");
});
