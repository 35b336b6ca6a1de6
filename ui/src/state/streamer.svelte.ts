// Whether the screen is being broadcast: then pictures, notes and private answers are not shown in the window.
class Streamer {
  on = $state(false);
}

export const streamer = new Streamer();
