// The wish for more contrast that a person has told their system, for the tokens to follow.
const WISH = "(prefers-contrast: more)";

export function followContrast(root: HTMLElement): void {
  const wish = matchMedia(WISH);
  const adopt = (): void => void root.toggleAttribute("data-more-contrast", wish.matches);
  wish.addEventListener("change", adopt);
  adopt();
}
