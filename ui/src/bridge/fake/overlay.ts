// Where the invented backend's overlay is: an address that is another one after each renewal.
import type { Overlay, OverlayPart, Settings } from "../dto";

export class FakeOverlay {
  portTaken = false;
  #renewals = 0;

  renew(part: OverlayPart, settings: Settings): Overlay {
    this.#renewals += 1;
    if (part === "port") this.portTaken = false;
    return this.look(settings);
  }

  look({ overlay }: Settings): Overlay {
    const place = `http://127.0.0.1:${27310 + this.#renewals}/00000000000000000000000000000${100 + this.#renewals}`;
    return { state: !overlay ? "off" : this.portTaken ? "portTaken" : "on", port: 27310 + this.#renewals, chat: `${place}/chat`, question: `${place}/question` };
  }
}
