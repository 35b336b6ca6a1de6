//! When who says what: a gentle, endless evening.

use std::time::Duration;

use aside_protocol::{Body, Entry, EntryId, EntryKind};
use aside_words::Language;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::cast::{self, Person};
use super::seat::{Cue, Seat};

/// The time between two lines: a person can read along.
const LINES: std::ops::Range<Duration> = Duration::from_millis(1500)..Duration::from_millis(5000);

/// How long the colleague at the answer desk thinks.
const THINKING: std::ops::Range<Duration> = Duration::from_secs(6)..Duration::from_secs(14);

/// Cues and things heard that may wait; the play drops what nobody takes.
const WAITING: usize = 16;

/// Runs until it is aborted.
pub(super) async fn run(audience: Vec<Seat>, colleague: Seat, app: Language, seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    // Dropped with this future: whoever aborts the play sends everybody home.
    let mut seats = JoinSet::new();
    let mut people: Vec<(Person, mpsc::Sender<Cue>)> = Vec::new();
    for seat in audience {
        let (cue, cues) = mpsc::channel(WAITING);
        people.push((seat.person.clone(), cue));
        seats.spawn(seat.sit(cues, None));
    }
    let (cue, cues) = mpsc::channel(WAITING);
    let (hear, heard) = mpsc::channel(WAITING);
    let desk = answer(heard, cue, app, StdRng::seed_from_u64(rng.random()));
    seats.spawn(colleague.sit(cues, Some(hear)));
    seats.spawn(desk);

    loop {
        sleep(rng.random_range(LINES)).await;
        let (person, cue) = &people[rng.random_range(0..people.len())];
        let number = rng.random_range(0..usize::MAX / 2);
        let line = if rng.random_ratio(1, 7) {
            Cue::Ask(cast::question(number, person.tongue).to_owned())
        } else {
            Cue::Say(cast::talk(number, person.tongue).to_owned())
        };
        let _away = cue.try_send(line);
    }
}

/// Answers most questions of the simulated audience after a while; the rest, and everybody else's, are for the person
/// at the window.
async fn answer(
    mut heard: mpsc::Receiver<Entry>,
    cue: mpsc::Sender<Cue>,
    app: Language,
    mut rng: StdRng,
) {
    let mut open: Vec<(Instant, EntryId, String)> = Vec::new();
    loop {
        let next = open.iter().map(|(due, ..)| *due).min();
        tokio::select! {
            entry = heard.recv() => {
                let Some(entry) = entry else { return };
                if let Some((id, text)) = question(&entry) && rng.random_ratio(2, 3) {
                    open.push((Instant::now() + rng.random_range(THINKING), id, text));
                }
                // Somebody else was quicker.
                if let Body::Answer { question_id: Some(answered), .. } = entry.body() {
                    open.retain(|(_, id, _)| *id != answered);
                }
            }
            () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                let now = Instant::now();
                for (_, question, text) in open.extract_if(.., |(due, ..)| *due <= now) {
                    let text = cast::answer(&text, app).to_owned();
                    let _away = cue.try_send(Cue::Answer { question, text });
                }
            }
        }
    }
}

/// A question of the simulated audience, and its id.
fn question(entry: &Entry) -> Option<(EntryId, String)> {
    let simulated = entry.kind == EntryKind::Question
        && entry.user.starts_with("demo-")
        && entry.user != "demo-you";
    simulated.then(|| entry.id.clone()).flatten().map(|id| (id, entry.body().text().to_owned()))
}
