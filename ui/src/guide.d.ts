// What ui/guide makes of docs/guide.
declare module "virtual:guide" {
  const guides: Readonly<Record<string, () => Promise<{ default: import("./state/guide").Guide }>>>;
  export default guides;
}
