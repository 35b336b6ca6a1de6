//! Notifications: what concerns this person while they look elsewhere. What somebody said stands in one only where the person
//! wants it so: a screen may be shared.

mod asked;
mod heard;
mod unseen;
mod unsent;
mod waiting;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aside_history::{Anchor, Page, Place, Row};
use aside_protocol::EntryId;
use aside_protocol::triage::Item;
use aside_words::{Key, Language};
use jiff::Timestamp;
use tauri::{AppHandle, Manager};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::dto::{self, ConnectionState, DeskKind, Role, RoomStatus};
use crate::notify::{Notice, Notifier};
use crate::rooms::Live;
use crate::settings::RoomKey;
use crate::shell::Shell;
use crate::tray::Tray;
use crate::words;
use crate::{missed, present, views, windows};
use asked::Asked;
use heard::{Heard, Spot, Wanted, Why};
use unseen::Unseen;
use unsent::Unsent;
use waiting::{Late, Waiting};

/// Looked for this often at most.
const EVERY: Duration = Duration::from_secs(1);
/// The news of one room is told together, this often at most; what had to wait for that is told even if nothing else happens.
const APART: Duration = Duration::from_secs(10);
/// Rows that are read of a room at once, and how often in one go.
const ROWS: u32 = 200;
const PAGES: usize = 20;
/// What is told of a text, in characters.
const TEXT_CHARS: usize = 140;

/// What is known of one room.
#[derive(Debug, Default)]
struct Known {
    told: Option<Instant>,
    revision: u64,
    mine: BTreeSet<EntryId>,
    asked: Asked,
    heard: Option<Heard>,
    /// More came than was read in one go.
    lags: bool,
    /// The first row that is still to be told of, and how many there are.
    waiting: Option<(Spot, u32)>,
    unseen: Unseen,
    unsent: Unsent,
    open: Waiting,
}

impl Known {
    fn is_due(&self, now: Instant) -> bool {
        self.told.is_none_or(|told| now >= told + APART)
    }

    /// Whether there is something that is told as soon as it is time.
    fn waits(&self) -> bool {
        self.waiting.is_some() || self.asked.wait()
    }

    /// When the next look is due, whatever happens until then.
    fn again(&self) -> Option<Duration> {
        if self.lags { Some(EVERY) } else { self.waits().then_some(APART) }
    }

    /// Rows that are to be told of, with those that waited, when it is time.
    fn rows(&mut self, news: Vec<Spot>, quiet: bool, due: bool) -> Option<(Spot, u32)> {
        let came = u32::try_from(news.len()).unwrap_or(u32::MAX);
        if let Some((_, count)) = &mut self.waiting {
            *count = count.saturating_add(came);
        } else {
            self.waiting = news.into_iter().next().map(|first| (first, came));
        }
        if quiet {
            self.waiting = None;
        }
        if due { self.waiting.take() } else { None }
    }

    /// Takes in what came, so many pages at most, and says what of it is news.
    async fn hear<P: Future<Output = Option<Page>>>(
        &mut self,
        mut heard: Heard,
        page_after: impl Fn(Place) -> P,
        take: impl Fn(&mut Heard, &[Row]) -> Vec<Spot>,
        at_desk: bool,
    ) -> Vec<Spot> {
        let mut news = Vec::new();
        for _page in 0..PAGES {
            let Some(page) = page_after(heard.place).await else { break };
            let came = take(&mut heard, &page.rows);
            self.unseen.take(&came, at_desk);
            self.unseen.read(page.read);
            news.extend(came);
            self.lags = page.has_newer;
            if !page.has_newer {
                heard = heard.to_the_end();
                break;
            }
        }
        self.heard = Some(heard);
        news
    }

    /// Who has taken what was this person's own: the questions' numbers, and their names.
    fn items(&mut self, items: &[Item], me: &str) -> Vec<(u64, String)> {
        let mut news = Vec::new();
        for item in items {
            let (id, holder) = (&item.question_id, item.claim.as_ref().map(|claim| &claim.by));
            let mine = holder.is_some_and(|by| by.user == me);
            let was_mine = if mine { !self.mine.insert(id.clone()) } else { self.mine.remove(id) };
            if let Some(by) = holder.filter(|_| was_mine && !mine) {
                news.push((item.number, aside_text::name(&by.display_name)));
            }
        }
        news
    }
}

/// Whether this person works with a room's questions.
pub(crate) fn is_staffed(status: &RoomStatus) -> bool {
    status.role != Role::Audience || status.desk.kind == DeskKind::Local
}

/// Watches the rooms for as long as the app runs.
pub(crate) async fn keep(app: AppHandle, wake: Arc<Notify>) {
    let mut known: BTreeMap<RoomKey, Known> = BTreeMap::new();
    let mut again = None;
    loop {
        if let Some(again) = again {
            let _woken = tokio::time::timeout(again, wake.notified()).await;
        } else {
            wake.notified().await;
        }
        again = look(&app, &mut known).await;
        tokio::time::sleep(EVERY).await;
    }
}

/// Whether nothing is to appear on the screen beside the window: an audience sees it.
async fn quiet(app: &AppHandle, shell: &Shell, mode: dto::StreamerMode) -> bool {
    present::is_open(app) || shell.streamer.is_on_now(mode).await
}

/// Tells of what is new, and says how long what has to wait may do so.
async fn look(app: &AppHandle, known: &mut BTreeMap<RoomKey, Known>) -> Option<Duration> {
    let shell = app.state::<Shell>();
    let settings = shell.remembered.read(|memory| memory.settings.clone());
    let looks = windows::is_looked_at(app);
    let hushed = quiet(app, &shell, settings.streamer_mode).await;
    let quiet = looks || hushed;
    let mut again: Option<Duration> = None;
    let mut within = |wait: Duration| again = Some(again.map_or(wait, |again| again.min(wait)));
    let statuses = shell.rooms.statuses();
    known.retain(|key, _| statuses.iter().any(|status| status.room == key.to_string()));
    for status in statuses {
        let Some(key) = RoomKey::parse(&status.room) else { continue };
        let at_desk = status.desk.fresh && is_staffed(&status);
        // A room that is still being opened would be waited for, and the others with it.
        if !at_desk && status.connection.state != ConnectionState::Online {
            continue;
        }
        let Ok(live) = shell.rooms.live(key).await else { continue };
        let room = known.entry(key).or_default();
        let due = room.is_due(Instant::now());
        let language = shell.language();
        let (mut lines, mut spot) = (Vec::new(), None);
        if at_desk {
            let hushed = hushed || !settings.notifications;
            let quiet = quiet || hushed;
            let (taken, unsent) = taken_over(room, &live, &shell).await;
            let more = room.asked.tell(quiet, due);
            lines.extend(more.map(|more| language.count(Key::SHELL_NOTIFY_QUESTIONS, more, &[])));
            let seen = hushed || is_seen(looks, shell.opening.first(), key);
            lines.extend(taken.iter().filter(|_| !seen).map(|(number, who)| {
                language.fill(Key::SHELL_NOTIFY_TAKEN_OVER, &[("who", who), ("number", number)])
            }));
            lines.extend(
                unsent
                    .iter()
                    .filter(|_| !seen)
                    .map(|number| language.fill(Key::SHELL_NOTIFY_NOT_SENT, &[("number", number)])),
            );
            let now = Timestamp::now().as_millisecond();
            let after = if settings.notifications { settings.notify_waiting_mins } else { 0 };
            let (late, then) = room.open.look(now, after, quiet || !due);
            lines.extend(late.map(|late| waited(late, language)));
            then.map(&mut within);
        }
        let news = listen(room, key, &status, &live, &settings, &shell).await;
        app.state::<Tray>().names(key, room.unseen.count());
        if let Some((first, count)) = room.rows(news, quiet, due) {
            lines.push(line(&first, count, settings.notify_text, language));
            spot = Some(dto::Spot { key: first.key.0.to_string(), place: first.place.0 });
        }
        room.again().map(&mut within);
        if lines.is_empty() {
            continue;
        }
        room.told = Some(Instant::now());
        let title = aside_text::name(&shell.label(key));
        app.state::<Notifier>()
            .tell(app, Notice { room: key, spot, title, words: lines.join("\n") });
    }
    again
}

/// Whether what stands above a room is before somebody's eyes. `first` is the room that is on the screen.
fn is_seen(looks: bool, first: Option<RoomKey>, room: RoomKey) -> bool {
    looks && first == Some(room)
}

/// Reads which questions have changed. Of what was this person's: what others have taken, and which of their answers were not sent.
async fn taken_over(
    room: &mut Known,
    live: &Live,
    shell: &Shell,
) -> (Vec<(u64, String)>, Vec<u64>) {
    let Ok(questions) = live.session.questions(room.revision).await else {
        return Default::default();
    };
    room.revision = questions.revision;
    // Of a room that is not on the screen, no page asks.
    missed::look(shell, live, &questions);
    room.asked.take(&questions.items, questions.reset);
    room.open.take(&questions.items, questions.reset);
    let me = live.session.watch().borrow().facts.user.clone();
    (room.items(&questions.items, &me), room.unsent.look(&questions))
}

/// What of the rows that came since the last look is news.
async fn listen(
    room: &mut Known,
    key: RoomKey,
    status: &RoomStatus,
    live: &Live,
    settings: &dto::Settings,
    shell: &Shell,
) -> Vec<Spot> {
    room.lags = false;
    let wanted = Wanted { marked: settings.notify_marked, silence: settings.notify_silence };
    if !wanted.marked {
        room.unseen = Unseen::default();
    }
    if wanted == Wanted::default() {
        room.heard = None;
        return Vec::new();
    }
    // What is still being fetched is heard when all of it is there.
    if status.connection.state != ConnectionState::Online {
        return Vec::new();
    }
    let (name, rules) = (views::own_name(shell, key), shell.rules());
    let at_desk = is_staffed(status);
    let Some(heard) = room.heard else {
        if let Ok(page) = live.session.page(Anchor::End, ROWS).await {
            room.heard = Some(Heard::of(&page));
            if wanted.marked {
                room.unseen.take(&Heard::unread(&page, key, &rules, name.as_ref()), at_desk);
            }
        }
        return Vec::new();
    };
    let page_after = async |place| live.session.page(Anchor::After(place), ROWS).await.ok();
    let take =
        |heard: &mut Heard, rows: &[Row]| heard.take(rows, key, &rules, name.as_ref(), wanted);
    room.hear(heard, page_after, take, at_desk).await
}

fn waited(Late { questions, minutes }: Late, language: Language) -> String {
    match questions {
        1 => language.count(Key::SHELL_NOTIFY_WAITING, minutes, &[]),
        many => language.count(Key::SHELL_NOTIFY_WAITING_MANY, many, &[("minutes", &minutes)]),
    }
}

/// One line about rows; who said what only where it may stand there.
fn line(first: &Spot, count: u32, with_text: bool, language: Language) -> String {
    if count > 1 {
        return words::unread(language, count, 0);
    }
    if with_text {
        let text = first.text.split_whitespace().collect::<Vec<_>>().join(" ");
        // Nothing contains its direction there.
        let whole = aside_text::printable(&text);
        let mut text: String = whole.chars().take(TEXT_CHARS).collect();
        if text.len() < whole.len() {
            text.push('…');
        }
        return format!("{}: {text}", first.who);
    }
    let key = match first.why {
        Why::Marked => Key::SHELL_NOTIFY_MARKED,
        Why::Named => Key::SHELL_NOTIFY_NAMED,
        Why::Silence => Key::SHELL_NOTIFY_SILENCE,
    };
    language.say(key).to_owned()
}

#[cfg(test)]
mod tests;
