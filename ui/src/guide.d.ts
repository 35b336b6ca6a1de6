// What ui/guide makes of docs/guide.
declare module "virtual:guide/*" {
  const guide: import("./state/guide").Guide;
  export default guide;
}
