// Runes everywhere; styles go to files of their own because the window's policy allows no inline ones.
export default {
  compilerOptions: { runes: true, css: "external" },
};
