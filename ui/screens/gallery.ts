// The page that shows all pictures by name, for whoever looks at the repository.
import type { Screen } from "./list";

export const file = ({ name }: Screen): string => `${name}.webp`;

/** The line that says with which versions the pictures were drawn. */
export const drawnBy = (gallery: string): string => gallery.split("\n").find((line) => line.startsWith("Drawn by ")) ?? "";

export function gallery(screens: readonly Screen[], by: string): string {
  const link = ({ name, about }: Screen): string => `[${about}](#${name})`;
  const part = (screen: Screen): string => `## ${screen.name}\n\n${screen.about}, ${screen.widths.join(", ")} px wide.\n\n![${screen.about}](${file(screen)})\n`;
  return `# Every screen

Written by \`cargo xtask screens\`; CI compares. Each picture holds one screen in English, light and dark, then in Chinese, light
and dark, beside each other at the widths that are promised. The room in it is invented; the engine is the webview's own
(WebKitGTK), for the audience's page Chromium.

${by}

If a screen changes on purpose: run the command, look at what git says has changed, and commit it.

${screens.map(link).join(" ·\n")}

${screens.map(part).join("\n")}`;
}
