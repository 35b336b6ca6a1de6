// What ui/words/files.ts makes of locales.
declare module "virtual:words/*" {
  const languages: import("./words").Languages;
  export default languages;
}
