//! Notifications: what concerns this person while they look elsewhere. What somebody said stands in one only where the person
//! wants it so: a screen may be shared.

mod heard;
mod unseen;
mod waiting;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aside_history::{Anchor, Page, Place, Row};
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
use crate::{present, views, windows};
use heard::{Heard, Spot, Wanted, Why};
use unseen::Unseen;
use waiting::Waiting;

/// Looked for this often at most.
const EVERY: Duration = Duration::from_secs(1);
/// The news of one room is told together, this often at most; what had to wait for that is told even if nothing else happens.
const APART: Duration = Duration::from_secs(10);
/// Rows that are read of a room at once, and how often in one go.
const ROWS: u32 = 200;
const PAGES: usize = 5;
/// What is told of a text, in characters.
const TEXT_CHARS: usize = 140;

/// What is known of one room.
#[derive(Debug, Default)]
struct Known {
    open: Option<u32>,
    told: Option<Instant>,
    revision: u64,
    mine: BTreeSet<u64>,
    heard: Option<Heard>,
    /// More came than was read in one go.
    lags: bool,
    /// The first row that is still to be told of, and how many there are.
    waiting: Option<(Spot, u32)>,
    unseen: Unseen,
    oldest: Waiting,
}

impl Known {
    fn is_due(&self, now: Instant) -> bool {
        self.told.is_none_or(|told| now >= told + APART)
    }

    /// Whether there is something that is told as soon as it is time.
    fn waits(&self, open: u32) -> bool {
        self.waiting.is_some() || self.open.is_some_and(|before| open > before)
    }

    /// When the next look is due, whatever happens until then.
    fn again(&self, open: u32) -> Option<Duration> {
        if self.lags { Some(EVERY) } else { self.waits(open).then_some(APART) }
    }

    /// How many more questions there are that nobody has taken. What came while nobody was to be told is not news later.
    fn open(&mut self, open: u32, quiet: bool, due: bool) -> Option<u32> {
        let before = *self.open.get_or_insert(open);
        if !due && !quiet && open > before {
            return None;
        }
        self.open = Some(open);
        open.checked_sub(before).filter(|more| *more > 0 && !quiet)
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
            let holder = item.claim.as_ref().map(|claim| &claim.by);
            let mine = holder.is_some_and(|by| by.user == me);
            let was_mine =
                if mine { !self.mine.insert(item.number) } else { self.mine.remove(&item.number) };
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
    let quiet = windows::is_looked_at(app) || quiet(app, &shell, settings.streamer_mode).await;
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
            let quiet = quiet || !settings.notifications;
            let more = room.open(status.desk.open, quiet, due);
            lines.extend(more.map(|more| language.count(Key::SHELL_NOTIFY_QUESTIONS, more, &[])));
            let taken = taken_over(room, &live).await;
            lines.extend(taken.iter().filter(|_| !quiet).map(|(number, who)| {
                language.fill(Key::SHELL_NOTIFY_TAKEN_OVER, &[("who", who), ("number", number)])
            }));
            let now = Timestamp::now().as_millisecond();
            let after = if settings.notifications { settings.notify_waiting_mins } else { 0 };
            let (waited, then) = room.oldest.look(status.desk.oldest_waiting, now, after, quiet);
            lines.extend(
                waited.map(|minutes| language.count(Key::SHELL_NOTIFY_WAITING, minutes, &[])),
            );
            then.map(&mut within);
        }
        let news = listen(room, key, &status, &live, &settings, &shell).await;
        app.state::<Tray>().names(key, room.unseen.count());
        if let Some((first, count)) = room.rows(news, quiet, due) {
            lines.push(line(&first, count, settings.notify_text, language));
            spot = Some(dto::Spot { key: first.key.0.to_string(), place: first.place.0 });
        }
        room.again(status.desk.open).map(&mut within);
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

async fn taken_over(room: &mut Known, live: &Live) -> Vec<(u64, String)> {
    let Ok(questions) = live.session.questions(room.revision).await else { return Vec::new() };
    room.revision = questions.revision;
    let me = live.session.watch().borrow().facts.user.clone();
    room.items(&questions.items, &me)
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
mod tests {
    use aside_history::{Revision, RowKey};
    use aside_protocol::EntryId;
    use aside_protocol::triage::{Claim, Person};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn new_questions_are_told_together_and_only_to_who_looks_elsewhere() {
        let mut known = Known::default();
        assert_eq!(known.open(5, false, true), None, "what was there when the room was opened");
        assert_eq!(known.open(7, false, true), Some(2));
        known.told = Some(Instant::now());
        assert!(!known.is_due(Instant::now()));
        assert!(!known.waits(7), "it was told");
        assert_eq!(known.open(8, false, false), None, "so soon");
        assert!(known.waits(8));
        tokio::time::advance(APART).await;
        assert!(known.is_due(Instant::now()));
        assert_eq!(known.open(9, false, true), Some(2), "both that came meanwhile");
        assert_eq!(known.open(12, true, true), None);
        assert_eq!(known.open(12, false, true), None, "they were seen");
        assert_eq!(known.open(3, false, true), None);
        assert_eq!(known.open(4, false, true), Some(1));
    }

    fn spot(key: i64) -> Spot {
        let (key, place) = (RowKey(key), Place(key));
        let (who, text) = ("Bo".to_owned(), format!("say\n\u{202e}it {}", "长".repeat(200)));
        Spot { key, place, why: Why::Named, asks: false, who, text }
    }

    #[test]
    fn rows_wait_and_are_told_as_one_number_beginning_with_the_first() {
        let mut known = Known::default();
        assert_eq!(known.rows(vec![spot(1)], false, true), Some((spot(1), 1)));
        assert_eq!(known.rows(vec![spot(2), spot(3)], false, false), None);
        assert_eq!(known.rows(vec![spot(4)], false, false), None);
        assert!(known.waits(0));
        assert_eq!(known.rows(vec![], false, true), Some((spot(2), 3)));
        assert_eq!(known.rows(vec![spot(5)], false, false), None);
        assert_eq!(known.rows(vec![], true, false), None);
        assert_eq!(known.rows(vec![], false, true), None, "it was seen");
        assert!(!known.waits(0));
    }

    #[tokio::test]
    async fn what_is_behind_a_thousand_rows_waits_for_nobody_to_speak() {
        let say = |n| heard::tests::row(n, n, "bo", if n == 1500 { "Ana?" } else { "hi" });
        let rows: Vec<_> = (0..=1500).map(say).collect();
        let page = |rows: &[Row], has_newer| Page {
            revision: Revision(1),
            rows: rows.to_vec(),
            has_older: false,
            has_newer,
            read: None,
            reached_start: true,
        };
        let page_after = async |place: Place| {
            let newer = &rows[rows.partition_point(|row| row.place <= place)..];
            Some(page(&newer[..newer.len().min(200)], newer.len() > 200))
        };
        let (rules, name) = (crate::rules::RuleBook::default(), crate::rules::Words::new("Ana"));
        let wanted = Wanted { marked: true, silence: false };
        let take = |heard: &mut Heard, rows: &[Row]| {
            heard.take(rows, RoomKey::DEMO, &rules, name.as_ref(), wanted)
        };
        let mut known = Known::default();
        let heard = Heard::of(&page(&rows[..1], false));
        assert_eq!(known.hear(heard, &page_after, take, false).await, []);
        assert_eq!(known.again(0), Some(EVERY));
        let news = known.hear(known.heard.unwrap(), &page_after, take, false).await;
        assert_eq!(news.iter().map(|spot| spot.place).collect::<Vec<_>>(), [Place(1500)]);
        assert_eq!((known.again(0), known.unseen.count()), (None, 1));
    }

    #[test]
    fn what_was_said_is_told_only_where_it_may_be() {
        let say = |count, with_text| line(&spot(1), count, with_text, Language::english());
        assert_eq!(say(1, false), "Somebody named you");
        assert_eq!(say(1, true), format!("Bo: say \u{fffd}it {}…", "长".repeat(132)));
        assert_eq!((say(5, true), say(5, false)), ("5 new".to_owned(), "5 new".to_owned()));
    }

    #[test]
    fn what_was_mine_and_is_anothers_was_taken_over() {
        let item = |holder: Option<&str>| {
            let item = Item::new(EntryId::new("q"), 7, "why".to_owned(), Person::default(), 0);
            let claim = holder.map(|user| Claim {
                by: Person {
                    user: user.to_owned(),
                    display_name: user.to_uppercase(),
                    ..Person::default()
                },
                device: String::new(),
                at: 0,
                expires_at: 1,
            });
            Item { claim, ..item }
        };
        let mut known = Known::default();
        assert_eq!(known.items(&[item(Some("ana"))], "me"), [], "it never was mine");
        assert_eq!(known.items(&[item(Some("me"))], "me"), []);
        assert_eq!(known.items(&[item(Some("me"))], "me"), []);
        assert_eq!(known.items(&[item(Some("ana"))], "me"), [(7, "ANA".to_owned())]);
        assert_eq!(known.items(&[item(Some("ana"))], "me"), []);
        known.items(&[item(Some("me"))], "me");
        assert_eq!(known.items(&[item(None)], "me"), [], "given back, or over");
    }
}
