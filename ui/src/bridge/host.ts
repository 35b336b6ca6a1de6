// Rooms that this app hosts; a part of the one interface. No token comes back from any of it: what is made goes to the clipboard.
import type { HostForm, Hosting, HostPlaces, KeyWish, SavedRoom } from "./dto";

export interface HostBridge {
  places(): Promise<HostPlaces>;
  /** Hosts a new room, or changes one and starts it anew; where that can't be, nothing has changed. */
  host(room: string | null, form: HostForm): Promise<SavedRoom>;
  look(room: string): Promise<Hosting>;
  run(room: string, on: boolean): Promise<void>;
  /** Everything that leads to the room names the address of this link from now on. */
  chooseAddress(room: string, link: string): Promise<void>;
  makeKey(room: string, wish: KeyWish): Promise<void>;
  revokeKey(room: string, key: string): Promise<void>;
  tryDemo(): Promise<SavedRoom>;
}
