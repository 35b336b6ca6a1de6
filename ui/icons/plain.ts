// Makes Lucide's icons plain drawings at build time. Its own component works out every attribute of every stroke while the page starts: twenty icons cost as much as the rows of a screen.
import type { Plugin } from "vite";

const FILE = /@lucide\/svelte\/dist\/icons\/[\w-]+\.svelte$/;
const DATA = /^const iconData = (\{.*\});$/m;

type Stroke = [tag: string, attributes: Record<string, string>];

export function plainIcons(): Plugin {
  return {
    name: "plain-icons",
    enforce: "pre",
    transform(code, id) {
      return FILE.test(id) ? plain(code, id) : null;
    },
  };
}

/** A component that takes what our pages give an icon: a size, and words or none for who cannot see it. */
export function plain(code: string, id: string): string {
  const data = DATA.exec(code)?.[1];
  if (data === undefined) throw new Error(`${id} is written otherwise than Lucide's icons were`);
  const { size, node } = JSON.parse(data) as { size: number; node: Stroke[] };
  const strokes = node.map(([tag, attributes]) => `<${tag}${Object.entries(attributes).map(([name, value]) => ` ${name}="${value}"`).join("")} />`);
  return `<script>
  const { size = ${size}, "aria-label": label, "aria-hidden": hidden = label ? undefined : "true" } = $props();
</script>

<svg class="lucide-icon" width={size} height={size} viewBox="0 0 ${size} ${size}" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-label={label} aria-hidden={hidden}>${strokes.join("")}</svg>
`;
}
