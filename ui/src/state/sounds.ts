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

/** Seconds after which a sound says nothing any more: some engines wait until something is pressed. The first of a computer that is busy takes two, while its media plugins are looked up. */
const LATE = 10;
/** Seconds of nothing before each sound: an output that has been silent may swallow the beginning of what comes then. */
const LEAD = 0.2;
const LOUDEST = 0.4;
const FAINTEST = 0.0001;

/** A sound as samples, so many a second. Not an oscillator with an envelope: where an engine renders ahead of its clock, that had begun to fade before it was heard. */
export function samples(sound: Sound, volume: number, rate: number): Float32Array<ArrayBuffer> {
  const wave = new Float32Array(Math.ceil((LEAD + Math.max(...tones[sound].map(({ at, lasts }) => at + lasts))) * rate));
  for (const { from, to, at, lasts } of tones[sound]) {
    const [first, count] = [Math.round((LEAD + at) * rate), Math.floor(lasts * rate)];
    let phase = 0;
    for (let n = 0; n < count; n++) {
      // Ears hear loudness by its square, and pitch and fading by their ratios; a clean end makes no click.
      const fade = LOUDEST * (FAINTEST / LOUDEST) ** (n / count);
      wave[first + n] = (wave[first + n] ?? 0) + volume ** 2 * fade * Math.sin(phase);
      phase += (2 * Math.PI * from * (to / from) ** (n / count)) / rate;
    }
  }
  return wave;
}

export class Sounds {
  #context: AudioContext | null = null;
  #quietUntil = Number.NEGATIVE_INFINITY;
  #playing = 0;

  /** Plays one, unless another was heard less than `apart` seconds ago. */
  play(sound: Sound, volume: number, apart: number, now = performance.now()): void {
    if (volume <= 0 || now < this.#quietUntil) return;
    this.#quietUntil = now + apart * 1_000;
    void this.#play(sound, volume / 100).catch(() => {
      // A computer without sound.
      this.#context = null;
    });
  }

  async #play(sound: Sound, volume: number): Promise<void> {
    const context = (this.#context ??= new AudioContext());
    this.#playing++;
    try {
      const wished = performance.now();
      await context.resume();
      if (performance.now() - wished > LATE * 1_000) return;
      const wave = samples(sound, volume, context.sampleRate);
      const buffer = context.createBuffer(1, wave.length, context.sampleRate);
      buffer.copyToChannel(wave, 0);
      const source = context.createBufferSource();
      source.buffer = buffer;
      source.connect(context.destination);
      const ended = new Promise((end) => source.addEventListener("ended", end));
      source.start();
      await ended;
    } finally {
      this.#playing--;
      // An output that is left open wakes the processor more than a thousand times a second, to play nothing.
      if (this.#playing === 0) await context.suspend();
    }
  }
}
