// English words of the first minutes and of the list of rooms: what was pasted, the tour, order and archive, the diagnostic.
import type { Words } from "./en";

export const firstEn = {
  "doors.help": "Help",

  "join.filledSome": "Filled in what the link holds. The rest is still missing.",
  "join.filledAll": "Filled in from the link, with its token.",
  "join.filledPage": "Filled in from the link. The token is missing: ask the organiser for one. Guests need none if they open the link in a browser.",
  "join.wrong": "This is no link to a room. Such a link starts with aside://, or with https:// and has /r/ in it. Copy the whole of it and paste it again, or fill in the fields.",
  "join.broken": "This link to a room is damaged or cut off. Copy the whole of it and paste it again, or ask the organiser for it anew.",

  "tour.label": "Tour",
  "tour.start": "Show the tour",
  "tour.step": "{n} of {all}",
  "tour.skip": "Skip",
  "tour.back": "Back",
  "tour.next": "Next",
  "tour.done": "Done",
  "tour.keys": "Esc skips.",
  "tour.questions": "Questions are work",
  "tour.questions.text": "They stand in lanes. Open one and write: with your first letter it is yours, and everybody sees that.",
  "tour.ask": "Send or ask",
  "tour.ask.text": "Enter sends. Ask makes what you write a question, which the organisers see as one.",
  "tour.still": "The list holds still",
  "tour.still.text": "Scroll up and nothing moves. “New” counts what came meanwhile; Esc goes back to the end.",
  "tour.side": "A side window",
  "tour.side.text": "The same room, narrow, beside a game or the studio. It can stay on top.",
  "tour.help": "Keys and help",
  "tour.help.staff": "? shows every key, and each can be changed. F1 opens the guide.",
  "tour.help.text": "F1 opens the guide, whatever you are doing.",
  "tour.settings": "Make it yours",
  "tour.settings.text": "Language, colours, text size, notifications and more are behind the gear.",

  "rooms.up": "Move up",
  "rooms.down": "Move down",
  "rooms.moved": "{room}: place {n} of {all}",
  "rooms.archive": "Archive",
  "rooms.archived": "Archived rooms",
  "rooms.archivedDone": "{room} was archived.",
  "rooms.archivedStopped": "{room} was stopped and archived.",
  "rooms.archived.text": "They are closed: nothing comes from them, and nothing is notified. What was said until then is kept.",
  "rooms.archived.none": "No room is archived.",
  "rooms.back": "Bring back",
  "rooms.removeArchived": "Remove for good…",

  "header.more": "More",

  "diagnostic.title": "Diagnostic",
  "diagnostic.show": "Diagnostic…",
  "diagnostic.text": "This is all that is copied. It has versions, counts, states and codes, in English: no names, topics, addresses or tokens, and nothing that anybody wrote.",
  "diagnostic.copy": "Copy diagnostic",
  "diagnostic.copied": "Copied. Paste it to whoever helps you.",
} satisfies Record<string, Words>;
