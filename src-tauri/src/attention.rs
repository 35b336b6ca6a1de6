//! Notifications: what concerns this person at the desk, while they look elsewhere. Never what somebody said: a screen may be
//! shared.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aside_protocol::triage::Item;
use tauri::{AppHandle, Manager};
use tauri_plugin_notification::NotificationExt;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::dto::{DeskKind, Role, RoomStatus};
use crate::settings::RoomKey;
use crate::shell::{self, Shell};
use crate::words::Language;
use crate::{present, windows};

/// Looked for this often at most.
const EVERY: Duration = Duration::from_secs(1);
/// New questions of one room are told together, this often at most.
const APART: Duration = Duration::from_secs(20);

/// Something that a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
enum News {
    /// So many questions more than before that nobody has taken.
    Open(u32),
    /// Somebody took over a question, by its number, that this person had claimed.
    TakenOver(u64, String),
}

/// What is known of one room.
#[derive(Debug, Default)]
struct Known {
    open: Option<u32>,
    told: Option<Instant>,
    revision: u64,
    mine: BTreeSet<u64>,
}

impl Known {
    /// What is new in the count of open questions. What came while nobody was to be told is not news later.
    fn open(&mut self, open: u32, quiet: bool, now: Instant) -> Option<News> {
        let before = *self.open.get_or_insert(open);
        let soon = self.told.is_some_and(|told| now < told + APART);
        if soon && !quiet && open > before {
            return None;
        }
        self.open = Some(open);
        let more = open.checked_sub(before).filter(|more| *more > 0 && !quiet)?;
        self.told = Some(now);
        Some(News::Open(more))
    }

    /// Who has taken what was this person's own.
    fn items(&mut self, items: &[Item], me: &str) -> Vec<News> {
        let mut news = Vec::new();
        for item in items {
            let holder = item.claim.as_ref().map(|claim| &claim.by);
            let mine = holder.is_some_and(|by| by.user == me);
            let was_mine =
                if mine { !self.mine.insert(item.number) } else { self.mine.remove(&item.number) };
            if let Some(by) = holder.filter(|_| was_mine && !mine) {
                news.push(News::TakenOver(item.number, aside_text::name(&by.display_name)));
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
    loop {
        // News that had to wait is told even if nothing else happens.
        let _woken = tokio::time::timeout(APART, wake.notified()).await;
        look(&app, &mut known).await;
        tokio::time::sleep(EVERY).await;
    }
}

async fn look(app: &AppHandle, known: &mut BTreeMap<RoomKey, Known>) {
    let shell = app.state::<Shell>();
    let wanted = shell.remembered.read(|memory| memory.settings.notifications);
    let quiet = !wanted || windows::is_looked_at(app) || present::is_open(app);
    let statuses = shell.rooms.statuses();
    known.retain(|key, _| statuses.iter().any(|status| status.room == key.to_string()));
    for status in statuses.into_iter().filter(|status| status.desk.fresh && is_staffed(status)) {
        let Some(key) = RoomKey::parse(&status.room) else { continue };
        let Ok(live) = shell.rooms.live(key).await else { continue };
        let room = known.entry(key).or_default();
        let mut news = Vec::from_iter(room.open(status.desk.open, quiet, Instant::now()));
        if let Ok(questions) = live.session.questions(room.revision).await {
            room.revision = questions.revision;
            let me = live.session.watch().borrow().facts.user.clone();
            news.extend(room.items(&questions.items, &me).into_iter().filter(|_| !quiet));
        }
        let language = shell.language();
        let label = shell
            .remembered
            .read(|memory| memory.room(key).map(|room| shell::saved(room, language).label));
        for one in news {
            tell(
                app,
                &aside_text::name(&label.clone().unwrap_or_default()),
                &words(&one, language),
            );
        }
    }
}

fn words(news: &News, language: Language) -> String {
    match news {
        News::Open(count) => language.new_questions(*count),
        News::TakenOver(number, who) => language.taken_over(*number, who),
    }
}

fn tell(app: &AppHandle, title: &str, words: &str) {
    if let Err(error) = app.notification().builder().title(title).body(words).show() {
        // Not every desktop has a place for it.
        tracing::debug!(%error, "a notification was not shown");
    }
}

#[cfg(test)]
mod tests {
    use aside_protocol::EntryId;
    use aside_protocol::triage::{Claim, Person};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn new_questions_are_told_together_and_only_to_who_looks_elsewhere() {
        let mut known = Known::default();
        let now = Instant::now;
        assert_eq!(known.open(5, false, now()), None, "what was there when the room was opened");
        assert_eq!(known.open(7, false, now()), Some(News::Open(2)));
        assert_eq!(known.open(8, false, now()), None, "so soon");
        tokio::time::advance(APART).await;
        assert_eq!(known.open(9, false, now()), Some(News::Open(2)), "both that came meanwhile");
        tokio::time::advance(APART).await;
        assert_eq!(known.open(12, true, now()), None);
        assert_eq!(known.open(12, false, now()), None, "they were seen");
        assert_eq!(known.open(3, false, now()), None);
        assert_eq!(known.open(4, false, now()), Some(News::Open(1)));
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
        assert_eq!(known.items(&[item(Some("ana"))], "me"), [News::TakenOver(7, "ANA".to_owned())]);
        assert_eq!(known.items(&[item(Some("ana"))], "me"), []);
        known.items(&[item(Some("me"))], "me");
        assert_eq!(known.items(&[item(None)], "me"), [], "given back, or over");
    }
}
