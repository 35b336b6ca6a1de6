// Hangs the same screen side by side, in every language, theme and width: one picture holds them all. Runs in the browser, written out as text.

export interface Hung {
  address: string;
  locales: readonly string[];
  themes: readonly string[];
  widths: readonly number[];
  height: number;
  gap: number;
  /** So often in a row must nothing have moved in any frame. */
  turns: number;
}

/** What the page of the wall says of itself, for whoever takes the picture. */
export interface Wall {
  /** Null until every frame shows its screen. */
  done: boolean;
  complaint: string;
}

/** The colour of the wall's upper corner, once all on it is shown. */
export const DONE = [0, 128, 0];

export function hang({ address, locales, themes, widths, height, gap, turns }: Hung): void {
  const wall: Wall = { done: false, complaint: "" };
  Object.assign(window, { wall });
  const place = { position: "fixed", border: "0" };
  // Unseen until all is there: twelve windows that draw each step of theirs take most of the time.
  document.body.style.visibility = "hidden";
  const frames = locales.flatMap((lang, page) =>
    themes.flatMap((theme, row) => {
      let left = gap;
      return widths.map((width) => {
        const frame = document.createElement("iframe");
        const top = gap + (page * themes.length + row) * (height + gap);
        Object.assign(frame.style, place, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
        left += width + gap;
        frame.src = `${address}&lang=${lang}&theme=${theme}`;
        document.body.append(frame);
        return frame;
      });
    }),
  );
  let still = 0;
  const moved = new MutationObserver(() => (still = 0));
  const look = (): void => {
    const states = frames.map((frame) => frame.contentDocument?.documentElement?.dataset["shown"]);
    wall.complaint = states.find((state) => state !== undefined && state !== "") ?? "";
    if (wall.complaint !== "") return;
    if (!states.every((state) => state === "")) still = 0;
    else if (still++ === 0) for (const { contentDocument } of frames) if (contentDocument) moved.observe(contentDocument, { subtree: true, childList: true, attributes: true, characterData: true });
    if (still < turns) return void setTimeout(look, 20);
    // The focus goes to nobody.
    (document.activeElement as HTMLElement | null)?.blur();
    window.focus();
    void Promise.all(frames.map((frame) => frame.contentDocument?.fonts.ready)).then(() => {
      const corner = document.createElement("div");
      Object.assign(corner.style, place, { left: "0", top: "0", width: `${gap}px`, height: `${gap}px`, background: "rgb(0, 128, 0)" });
      document.body.append(corner);
      document.body.style.visibility = "";
      wall.done = true;
    });
  };
  look();
}
