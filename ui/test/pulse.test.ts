// How pulls follow each other.
import { expect, it } from "vitest";
import { Pulse, type Frames } from "../src/state/pulse";

/** Frames that come when they are told to. */
class Held implements Frames {
  due: (() => void)[] = [];
  next = (call: () => void): void => void this.due.push(call);
  later = (call: () => void): void => void this.due.push(call);
  visible = (): boolean => true;
  come(): void {
    for (const call of this.due.splice(0)) call();
  }
}

const turn = (): Promise<void> => new Promise((done) => setTimeout(done));

/** What is asked for while the first pull is under way, which brings so many rows: how many pulls there were before the frame, and after it. */
async function pulls(rows: number, apart = 0): Promise<[number, number]> {
  const frames = new Held();
  let count = 0;
  const pulse: Pulse = new Pulse(
    async () => {
      if (++count === 1) pulse.poke();
      return rows;
    },
    frames,
    () => apart,
  );
  pulse.poke();
  await turn();
  const before = count;
  frames.come();
  await turn();
  return [before, count];
}

it("what comes right after a row or two is asked for within the same frame", async () => {
  expect(await pulls(1)).toEqual([2, 2]);
  expect(await pulls(2)).toEqual([2, 2]);
});

it("after many rows, or none, the next pull waits for the next frame", async () => {
  expect(await pulls(3)).toEqual([1, 2]);
  expect(await pulls(0)).toEqual([1, 2]);
});

it("of a sampled room each waits its time", async () => {
  expect(await pulls(1, 200)).toEqual([1, 2]);
});

it("a pull that fails is followed in the next frame", async () => {
  const frames = new Held();
  let count = 0;
  const pulse: Pulse = new Pulse(
    async () => {
      if (++count === 1) pulse.poke();
      throw new Error("the shell is busy");
    },
    frames,
    () => 0,
  );
  pulse.poke();
  await turn();
  expect(count).toBe(1);
  frames.come();
  await turn();
  expect(count).toBe(2);
});
