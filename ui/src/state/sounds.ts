// Three short sounds, made here: no file, no network. Never more often than a person wants.
import type { Sound } from "../bridge/dto";

interface Tone {
  readonly from: number;
  readonly to: number;
  readonly at: number;
  readonly lasts: number;
}

const tones: Record<Sound, readonly Tone[]> = {
  drop: [{ from: 1_040, to: 520, at: 0, lasts: 0.16 }],
  bell: [
    { from: 1_318, to: 1_318, at: 0, lasts: 0.5 },
    { from: 1_976, to: 1_976, at: 0, lasts: 0.35 },
  ],
  knock: [
    { from: 190, to: 120, at: 0, lasts: 0.07 },
    { from: 190, to: 120, at: 0.13, lasts: 0.07 },
  ],
};

export class Sounds {
  #context: AudioContext | null = null;
  #quietUntil = Number.NEGATIVE_INFINITY;

  /** Plays one, unless another was heard less than `apart` seconds ago. */
  play(sound: Sound, volume: number, apart: number, now = Date.now()): void {
    if (volume <= 0 || now < this.#quietUntil) return;
    this.#quietUntil = now + apart * 1_000;
    try {
      this.#context ??= new AudioContext();
      // Before anything was pressed, some engines wait.
      void this.#context.resume().catch(() => undefined);
      for (const tone of tones[sound]) this.#ring(this.#context, tone, volume / 100);
    } catch {
      // A computer without sound.
      this.#context = null;
    }
  }

  #ring(context: AudioContext, tone: Tone, volume: number): void {
    const start = context.currentTime + tone.at;
    const end = start + tone.lasts;
    const source = context.createOscillator();
    const gain = context.createGain();
    source.frequency.setValueAtTime(tone.from, start);
    source.frequency.exponentialRampToValueAtTime(tone.to, end);
    // Ears hear loudness by its square; a clean end makes no click.
    gain.gain.setValueAtTime(0.4 * volume ** 2, start);
    gain.gain.exponentialRampToValueAtTime(0.0001, end);
    source.connect(gain).connect(context.destination);
    source.start(start);
    source.stop(end);
  }
}
