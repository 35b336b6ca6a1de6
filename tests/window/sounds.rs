//! The sounds of rules, as a loudspeaker would get them: PulseAudio of the stage's own plays into nothing, and a recorder listens.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::app::{App, until};
use crate::room::{Mode, Room};
use crate::stage::Stage;

/// A sound is over when this much of what came after it is silent. The bell, the longest of them, rings for half a second.
const SILENCE: Duration = Duration::from_millis(400);
/// Where there is to be no sound, so long is listened for one. It takes a tenth of this to be heard.
const LISTEN: Duration = Duration::from_secs(2);
const RATE: u32 = 44_100;
/// What no ear hears, of 32,768.
const FAINT: u16 = 8;

/// A loudspeaker and what it plays.
struct Ear {
    recording: PathBuf,
    /// So much of it was heard before.
    from: usize,
}

impl Ear {
    async fn open(stage: &mut Stage, folder: &Path) -> Ear {
        let mut daemon = stage.command("pulseaudio");
        daemon.args(["-n", "--daemonize=no", "--use-pid-file=no", "--disable-shm=yes"]);
        daemon.args(["--exit-idle-time=-1", "--load=module-native-protocol-unix"]);
        stage.run_along(daemon.arg("--load=module-null-sink sink_name=nobody"));
        until("PulseAudio", || async {
            let told = stage.command("pactl").arg("info").output().expect("pactl");
            told.status.success().then_some(())
        })
        .await;
        let recording = folder.join("heard.raw");
        let mut recorder = stage.command("parec");
        recorder.args(["--device=nobody.monitor", "--format=s16le", "--channels=1"]);
        recorder.args([&format!("--rate={RATE}"), "--latency-msec=50"]);
        let heard = fs::File::create(&recording).unwrap();
        stage.run_along_into(&mut recorder, Stdio::from(heard));
        let ear = Ear { recording, from: 0 };
        until("the recorder", || async { (!ear.rest().is_empty()).then_some(()) }).await;
        ear
    }

    /// What was not listened to yet.
    fn rest(&self) -> Vec<u16> {
        let bytes = fs::read(&self.recording).unwrap();
        let samples = bytes.as_chunks::<2>().0.iter().skip(self.from);
        samples.map(|sample| i16::from_le_bytes(*sample).unsigned_abs()).collect()
    }

    /// The loudest of the next sound, once it is over.
    async fn next(&mut self) -> u16 {
        let silent = (SILENCE.as_secs_f64() * f64::from(RATE)) as usize;
        let (peak, end) = until("a sound, and its end", || async {
            let rest = self.rest();
            let last = rest.iter().rposition(|sample| *sample > FAINT)?;
            let peak = rest.iter().max()?;
            (rest.len() - last > silent).then_some((*peak, rest.len()))
        })
        .await;
        self.from += end;
        peak
    }

    /// Nothing is given to the loudspeaker any more, not even silence.
    async fn rests(&self, stage: &Stage) {
        until("the loudspeaker is let go", || async {
            let told = stage.command("pactl").args(["list", "sink-inputs"]).output();
            let told = told.expect("pactl").stdout;
            (!String::from_utf8_lossy(&told).contains("Corked: no")).then_some(())
        })
        .await;
    }

    /// Listens for a while.
    async fn nothing(&mut self) {
        let (began, end) = (self.rest().len(), Instant::now() + LISTEN);
        let silent = (LISTEN.as_secs_f64() * f64::from(RATE) / 2.0) as usize;
        until("it was listened for long enough", || async {
            let rest = self.rest();
            assert!(rest.iter().all(|sample| *sample <= FAINT), "a sound");
            (Instant::now() > end && rest.len() > began + silent).then_some(())
        })
        .await;
    }
}

async fn turn_the_volume(app: &App, percent: u8) {
    app.press("Settings").await;
    app.press("Highlights and mutes").await;
    app.field("Volume of sounds").await;
    let turn = "const el = all(FIELD).find((el) => named(el) === 'Volume of sounds');
        el.value = a;
        el.dispatchEvent(new Event('change', { bubbles: true }));
        return null;";
    app.ask::<()>(turn, json!([percent])).await;
    let kept = "return (await window.__TAURI_INTERNALS__.invoke('rules', {})).volume;";
    until("the volume is kept", || async {
        (app.ask::<u8>(kept, json!([])).await == percent).then_some(())
    })
    .await;
    app.press("Close").await;
}

#[tokio::test]
async fn a_highlighted_row_is_heard_as_loud_as_somebody_wants() {
    let room = Room::open(Mode::Full).await;
    let mut stage = Stage::set("a_highlighted_row_is_heard_as_loud_as_somebody_wants");
    let effect = json!({"do": "mark", "colour": "teal", "sound": "bell", "notify": false});
    let when = json!({"by": "words", "text": "ring"});
    let rule = json!({"id": "r", "on": true, "room": null, "when": when, "effect": effect});
    let rules = json!({"list": [rule], "volume": 100, "apart": 1});
    fs::write(
        stage.home().join("settings.json"),
        json!({"version": 1, "rules": rules}).to_string(),
    )
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut ear = Ear::open(&mut stage, folder.path()).await;
    let app = App::start_in(stage, &room).await;
    app.becomes(&["online"]).await;

    room.say("nothing to hear").await;
    app.row(&["nothing to hear"]).await;
    ear.nothing().await;
    room.say("ring once").await;
    let whole = ear.next().await;
    // Whole, its beginning too: that is 24,783.
    assert!(whole > 24_000, "as good as silent, or cut off: {whole}");
    ear.rests(&app.stage).await;

    // Half the volume is half as loud to an ear: a quarter of the amplitude.
    turn_the_volume(&app, 50).await;
    room.say("ring twice").await;
    let half = f64::from(ear.next().await) / f64::from(whole);
    assert!((0.24..0.26).contains(&half), "{half} of the amplitude");

    turn_the_volume(&app, 0).await;
    room.say("ring no more").await;
    app.row(&["ring no more"]).await;
    ear.nothing().await;
}
