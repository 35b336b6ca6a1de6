/** A page that nobody sees is not drawn. */
const PATIENCE_MS = 1_000;

/** When what was drawn last is on the screen: once the second frame has begun, the first has been drawn. */
export function onceDrawn(): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, PATIENCE_MS);
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)));
  });
}
