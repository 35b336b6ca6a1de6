// Frames as tests have them: each comes with the next turn, and somebody looks.
import type { Frames } from "../src/state/pulse";

export const frames: Frames = {
  next: (call) => void setTimeout(call),
  later: (call, ms) => void setTimeout(call, ms),
  visible: () => true,
};
