// The house rules that a machine can hold: no HTML from strings, no arrow against the map, the host only through bridge.
import svelte from "eslint-plugin-svelte";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

const htmlSinks = [
  { selector: "MemberExpression[property.name=/^(innerHTML|outerHTML|insertAdjacentHTML|srcdoc)$/]", message: "Text reaches the page as text nodes only." },
  { selector: "CallExpression[callee.property.name=/^(write|writeln|createContextualFragment|parseFromString)$/]", message: "Text reaches the page as text nodes only." },
  { selector: "CallExpression[callee.name='eval']", message: "The window's policy forbids it." },
  { selector: "SvelteAttribute[key.name='contenteditable']", message: "What is pasted is plain text: a field takes nothing else." },
  { selector: "SvelteAttribute[key.name='style']", message: "The window's policy forbids style attributes: use a class or element.style.setProperty." },
];

const host = { group: ["@tauri-apps/*"], message: "Only src/bridge may speak to the host." };
const room = (name) => ({ group: [`**/${name}/**`], message: `This room may not lean on ${name}: bridge ← state ← parts ← {chat, questions, chrome} ← App.` });
const fake = { group: ["**/fake/**"], message: "The invented room must not reach the shipped bundle." };

/** What each room of src may not import. */
const walls = {
  bridge: [room("state"), room("chat"), room("questions"), room("chrome"), room("parts"), room("i18n"), fake],
  i18n: [host, room("bridge"), room("state"), room("chat"), room("questions"), room("chrome"), fake],
  state: [host, room("chat"), room("questions"), room("chrome"), room("parts"), fake],
  parts: [host, room("bridge"), room("chat"), room("questions"), room("chrome"), fake],
  chat: [host, room("chrome"), room("questions"), fake, { group: ["**/bridge/bridge", "**/bridge/tauri"], message: "Components act through state; only the shapes of dto are theirs to import." }],
  questions: [host, room("chrome"), room("chat"), fake, { group: ["**/bridge/bridge", "**/bridge/tauri"], message: "Components act through state; only the shapes of dto are theirs to import." }],
  chrome: [host, room("chat"), room("questions"), fake, { group: ["**/bridge/bridge", "**/bridge/tauri"], message: "Components act through state; only the shapes of dto are theirs to import." }],
};

export default ts.config(
  { ignores: ["dist/", "dist-fake/", "audience/dist/", "node_modules/", "src/bridge/dto.ts"] },
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: [".svelte"], svelteConfig } },
  },
  {
    rules: {
      "no-restricted-syntax": ["error", ...htmlSinks],
      "no-console": "error",
      "no-undef": "off",
      "max-lines": ["error", { max: 400 }],
      "svelte/no-at-html-tags": "error",
      "svelte/no-inline-styles": "off",
      // Collections here are replaced, never mutated, and held in $state.raw.
      "svelte/prefer-svelte-reactivity": "off",
      "svelte/require-each-key": "error",
      "svelte/button-has-type": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
    },
  },
  {
    files: ["src/*.svelte", "src/*.ts", "src/**/*.ts", "src/**/*.svelte"],
    rules: { "no-restricted-imports": ["error", { patterns: [host] }] },
  },
  ...Object.entries(walls).map(([name, patterns]) => ({
    files: [`src/${name}/**/*.{ts,svelte}`],
    rules: { "no-restricted-imports": ["error", { patterns }] },
  })),
  {
    // In a browser there is no backend, and what every phone loads stays small.
    files: ["audience/**/*.{ts,svelte}"],
    rules: { "no-restricted-imports": ["error", { patterns: [host, fake, ...["bridge", "chat", "chrome", "i18n"].map((name) => ({ group: [`**/src/${name}/**`], message: "The audience's page takes from src only what is pure: src/state and the styles." }))] }] },
  },
  // A command for people: what it says goes to the terminal.
  { files: ["screens/**/*.ts"], rules: { "no-console": "off" } },
  { files: ["src/bridge/fake/**/*.ts"], rules: { "no-restricted-imports": ["error", { patterns: [host, room("state"), room("chat"), room("chrome"), room("i18n")] }] } },
);
