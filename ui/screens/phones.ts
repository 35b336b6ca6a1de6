// The audience's page on its phones, and what the invented server tells each of them.
import type { Screen } from "./list";

/** What the server is like to whoever comes. */
export type Mood = "guests" | "closed" | "room" | "empty" | "away" | "expired";

/** The narrowest phone that is still sold, the widest, and a window at a desk. */
const WIDTHS = [320, 420, 1600];

function phone(name: string, about: string, mood: Mood, press?: string): Screen {
  const show: Screen["show"] = async ({ find }) => {
    await find(mood === "guests" || mood === "closed" || mood === "expired" ? ".card" : ".hall");
    if (mood === "room") await find("[data-key], article, li");
    if (press) (await find(press)).click();
  };
  return { name: `audience-${name}`, about, query: `mood=${mood}`, page: "audience", widths: WIDTHS, show };
}

export const phones: readonly Screen[] = [
  phone("door", "The audience's way in", "guests"),
  phone("door-closed", "A room that is for the invited", "closed"),
  phone("expired", "An invitation that has expired", "expired"),
  phone("room", "The room on a phone", "room"),
  phone("questions", "Its questions", "room", "nav button:nth-of-type(2), .hall.wide"),
  phone("choices", "Language and looks", "room", "header > .icon-button"),
  phone("empty", "Nothing was said yet", "empty"),
  phone("away", "No connection", "away"),
];
