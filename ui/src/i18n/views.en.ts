// English words of the views of a timeline; a part of the one catalogue.
import type { Words } from "./en";

export const viewsEn = {
  "views.label": "Views of the timeline",
  "views.all": "All",
  "views.questions": "Questions",
  "views.mentions": "Mentions",
  "views.staff": "Staff",
  "views.news": { one: "{n} new", other: "{n} new" },
  "views.make": "Make a view",
  "views.change": "Change the view “{name}”",
  "views.further": "Look further back",
  "views.notYet": "That is as far as was looked.",
  "views.empty.questions": "No questions yet.",
  "views.empty.mentions": "Nobody has mentioned you yet.",
  "views.empty.staff": "Nothing from the staff yet.",
  "views.empty.own": "Nothing fits this view yet.",
  "views.hint.questions": "What the audience asks stands here by itself.",
  "views.hint.mentions": "What has your name in it, and what your rules highlight.",
  "views.hint.staff": "Answers, and what people of the organisation say.",
  "views.hint.own": "What comes and fits it stands here by itself.",
} satisfies Record<string, Words>;
