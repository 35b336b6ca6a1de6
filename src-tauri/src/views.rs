//! Views of a room: its rows through a filter, over all that is kept of it.
//!
//! A sort of rows that has an index comes from there; words are looked for in all rows, so many at once, and then it is said
//! how far that went.

mod tally;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aside_history::{Anchor, Changes, EntryRow, Only, Page, Place, Row, RowKind};
use aside_protocol::Role;
use aside_protocol::triage::Item;
use aside_session::SessionError;
use regex::Regex;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::args::bad;
use crate::dto::{Said, SavedView};
use crate::errors::AppError;
use crate::rooms::Live;
use crate::rules::{Rated, RuleBook, Words, pattern, said};
use crate::settings::RoomKey;
use crate::shell::Shell;
use crate::source::{Kept, Source};

pub(crate) use tally::{CHANGES, Tally};

/// Rows that are read at once where each must be looked at, and how many are looked at for one page: three tenths of a second in a debug build.
const STEP: u32 = 500;
const LOOKED_AT: usize = 10_000;
/// Where the cache ends, rows are fetched for so long at most before what was found is the answer.
const FETCHING: Duration = Duration::from_secs(3);
/// The shortest name that is looked for in what people say, in characters.
const NAME_CHARS: usize = 2;
/// The most people of the organisation whose words are looked for.
const STAFF: usize = 64;
/// Who works on questions is asked this often at most.
const STAFF_EVERY: Duration = Duration::from_secs(2);

/// Everything; no filter at all.
pub(crate) const ALL: &str = "";
/// The views that everybody has.
const BUILT_IN: [&str; 3] = ["questions", "mentions", "staff"];

/// Whether a view may be called so by its maker.
pub(crate) fn is_free(id: &str) -> bool {
    id != ALL && !BUILT_IN.contains(&id)
}

/// A view of one room, ready to be asked about rows.
#[derive(Debug)]
pub(crate) struct View {
    room: RoomKey,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Questions,
    /// What names this person, or stands out by a rule.
    Mentions {
        name: Option<Box<Words>>,
        rules: Arc<RuleBook>,
    },
    /// Answers, and what these people say.
    Staff(BTreeSet<String>),
    Own(Arc<Own>),
}

/// What somebody made.
#[derive(Debug)]
struct Own {
    kinds: Vec<Said>,
    /// Whoever says whatever is meant.
    anything: bool,
    /// What they say decides, too.
    by_text: bool,
    words: Vec<Words>,
    pattern: Option<Regex>,
    people: BTreeSet<String>,
}

/// The views that a person made, compiled, by their names.
#[derive(Debug, Default)]
pub(crate) struct Made(Vec<(String, Arc<Own>)>);

/// A page of a view.
pub(crate) struct Found {
    pub(crate) page: Page,
    /// Older rows are to be looked for before this place, wherever the page begins.
    pub(crate) from: Option<Place>,
    /// Newer rows are to be looked for after this place, wherever the page ends.
    pub(crate) to: Option<Place>,
}

/// Who of the organisation is known in a room, by what they did with questions.
#[derive(Debug, Default)]
pub(crate) struct Colleagues(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    asked: Option<Instant>,
    revision: u64,
    users: BTreeSet<String>,
}

/// The view of this name; none shows everything.
///
/// # Errors
/// `bad_argument`: there is no such view.
pub(crate) async fn find(
    shell: &Shell,
    source: &Source,
    id: &str,
) -> Result<Option<View>, AppError> {
    if id == ALL {
        return Ok(None);
    }
    let room = source.key();
    let test = match id {
        "questions" => Test::Questions,
        "mentions" => {
            Test::Mentions { name: own_name(shell, room).map(Box::new), rules: shell.rules() }
        }
        "staff" => Test::Staff(match source {
            Source::Live(live) => live.colleagues.users(live).await,
            Source::Kept(kept) => colleagues_kept(kept).await?,
        }),
        made => {
            let views = shell.made_views();
            let (_, own) = views.0.iter().find(|(id, _)| id == made).ok_or_else(|| bad("view"))?;
            Test::Own(Arc::clone(own))
        }
    };
    Ok(Some(View { room, test }))
}

/// All views of a room, by their names.
pub(crate) async fn all(shell: &Shell, live: &Live) -> Vec<(String, View)> {
    let (mut views, source) = (Vec::new(), Source::from(live));
    for id in BUILT_IN {
        if let Ok(Some(view)) = find(shell, &source, id).await {
            views.push((id.to_owned(), view));
        }
    }
    let own = |own: &Arc<Own>| View { room: live.key, test: Test::Own(Arc::clone(own)) };
    views.extend(shell.made_views().0.iter().map(|(id, made)| (id.clone(), own(made))));
    views
}

/// This person's name in a room, where it is long enough to be looked for in what others say.
pub(crate) fn own_name(shell: &Shell, room: RoomKey) -> Option<Words> {
    let name = shell.remembered.read(|memory| memory.room(room).map(|room| room.form.name.clone()));
    name.filter(|name| name.chars().count() >= NAME_CHARS).and_then(|name| Words::new(&name))
}

impl View {
    /// Whether a row is to be seen. What is missing, and what is still on its way from here, is to be seen everywhere.
    pub(crate) fn shows(&self, row: &Row) -> bool {
        match &row.kind {
            RowKind::Gap(_) => true,
            RowKind::Boundary => false,
            RowKind::Entry(entry) => row.place.is_echo() || self.fits(entry),
        }
    }

    fn fits(&self, entry: &EntryRow) -> bool {
        let (kind, text) = said(entry);
        match &self.test {
            Test::Questions => kind == Said::Question,
            Test::Staff(people) => kind == Said::Answer || people.contains(&entry.entry.user),
            Test::Mentions { .. } if entry.mine => false,
            Test::Mentions { name, rules } => match rules.rate(self.room, entry) {
                Rated::Muted => false,
                Rated::Marked => true,
                Rated::Plain => name.as_ref().is_some_and(|name| name.are_said_in(&text)),
            },
            Test::Own(own) => own.fits(kind, &entry.entry.user, &text),
        }
    }

    /// Which rows to read; none: each must be looked at.
    fn only(&self) -> Option<Only> {
        match &self.test {
            Test::Questions => Some(Only { questions: true, ..Only::default() }),
            Test::Staff(people) => Some(Only {
                answers: true,
                people: people.iter().cloned().collect(),
                ..Only::default()
            }),
            Test::Mentions { .. } => None,
            Test::Own(own) => own.only(),
        }
    }

    /// Neighbouring rows of the view.
    ///
    /// # Errors
    /// Those of the session, when nothing could be read at all.
    pub(crate) async fn page(
        &self,
        source: &Source,
        anchor: Anchor,
        limit: u32,
    ) -> Result<Found, SessionError> {
        let only = self.only();
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let forward = matches!(anchor, Anchor::After(_));
        let mut next = if anchor == Anchor::Unread { Anchor::End } else { anchor };
        let began = Instant::now();
        let mut walk: Option<Page> = None;
        let (mut rows, mut looked, mut edge, mut more) = (Vec::new(), 0, None, false);
        while rows.len() < wanted && looked < LOOKED_AT {
            let read = match &only {
                Some(only) => source.page_only(only, next, limit).await,
                None => source.page(next, limit.max(STEP)).await,
            };
            let page = match (read, &walk) {
                (Ok(page), _) => page,
                // What was found until here is an answer, too.
                (Err(_), Some(_)) => break,
                (Err(error), None) => return Err(error),
            };
            let (mut here, further) =
                (page.rows, if forward { page.has_newer } else { page.has_older });
            looked += here.len();
            // What was fetched for this page was not all that the server has.
            let fetches =
                !forward && matches!(next, Anchor::Before(_)) && began.elapsed() < FETCHING;
            let beyond = fetches && !here.is_empty() && !page.reached_start;
            if !forward {
                here.reverse();
            }
            more = further || beyond;
            let mut left = here.into_iter();
            for row in left.by_ref() {
                edge = Some(row.place);
                if self.shows(&row) {
                    rows.push(row);
                }
                if rows.len() == wanted {
                    break;
                }
            }
            more |= left.next().is_some();
            let first = walk.get_or_insert(Page { rows: Vec::new(), ..page });
            first.reached_start = page.reached_start;
            let Some(place) = edge.filter(|_| more) else { break };
            next = if forward { Anchor::After(place) } else { Anchor::Before(place) };
        }
        let mut page = walk.unwrap_or_else(nothing);
        if forward {
            page.has_newer = more;
            return Ok(Found {
                page: Page { rows, ..page },
                from: None,
                to: edge.filter(|_| more),
            });
        }
        rows.reverse();
        page.has_older = more;
        page.has_newer = matches!(anchor, Anchor::Before(_));
        let from = match (more, page.reached_start) {
            (true, _) => edge,
            (false, true) => None,
            // The server may have more, before all that is here.
            (false, false) => {
                let oldest = source.page(Anchor::After(Place(i64::MIN)), 1).await?;
                oldest.rows.first().map(|row| row.place)
            }
        };
        Ok(Found { page: Page { rows, ..page }, from, to: None })
    }

    /// Of changes, those that can be seen in the view: what is not to be seen is gone. And what left the others that are heard.
    pub(crate) fn changes(&self, found: Changes, rules: &RuleBook) -> (Changes, Vec<Row>) {
        let (upserts, others): (Vec<_>, Vec<_>) =
            found.upserts.into_iter().partition(|row| self.shows(row));
        let mut removed = found.removed;
        removed.extend(others.iter().map(|row| row.key));
        let sounds = |row: &Row| row.entry().is_some_and(|entry| rules.sounds(self.room, entry));
        let heard = others.into_iter().filter(sounds).collect();
        (Changes { upserts, removed, ..found }, heard)
    }
}

fn nothing() -> Page {
    Page {
        revision: aside_history::Revision(0),
        rows: Vec::new(),
        has_older: false,
        has_newer: false,
        read: None,
        reached_start: false,
    }
}

impl Made {
    pub(crate) fn compile(views: &[SavedView]) -> Self {
        Self(views.iter().map(|view| (view.id.clone(), Arc::new(Own::new(view)))).collect())
    }
}

impl Own {
    /// A pattern that cannot be finds nothing: a page keeps none, but somebody may write one into the file.
    fn new(view: &SavedView) -> Self {
        let by_text = !view.words.is_empty() || !view.pattern.is_empty();
        Self {
            kinds: view.kinds.clone(),
            anything: !by_text && view.people.is_empty(),
            by_text,
            words: view.words.iter().filter_map(|words| Words::new(words)).collect(),
            pattern: pattern(&view.pattern).ok(),
            people: view.people.iter().map(|person| person.user.clone()).collect(),
        }
    }

    fn fits(&self, kind: Said, user: &str, text: &str) -> bool {
        let of_kind = self.kinds.is_empty() || self.kinds.contains(&kind);
        // An answer's id is whatever the server makes it: nobody is meant by it.
        let by = || kind != Said::Answer && self.people.contains(user);
        let says = || self.words.iter().any(|words| words.are_said_in(text));
        let matches = || self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(text));
        of_kind && (self.anything || by() || says() || matches())
    }

    fn only(&self) -> Option<Only> {
        let asks = |kind| self.kinds.contains(&kind);
        if !self.by_text && !self.people.is_empty() {
            let people = self.people.iter().cloned().collect();
            return Some(Only { people, ..Only::default() });
        }
        let messages = self.kinds.is_empty() || asks(Said::Message);
        let (questions, answers) = (asks(Said::Question), asks(Said::Answer));
        (!messages).then(|| Only { questions, answers, ..Only::default() })
    }
}

impl Colleagues {
    /// Their ids. The audience is not told who they are.
    async fn users(&self, live: &Live) -> BTreeSet<String> {
        let (role, me) = {
            let view = live.session.watch();
            let view = view.borrow();
            (view.facts.role, view.facts.user.clone())
        };
        if role == Role::Audience {
            return BTreeSet::new();
        }
        let mut known = self.0.lock().await;
        let now = Instant::now();
        if known.asked.is_none_or(|asked| now >= asked + STAFF_EVERY)
            && let Ok(questions) = live.session.questions(known.revision).await
        {
            known.asked = Some(now);
            known.revision = questions.revision;
            known.users.extend(working_on(&questions.items).take(STAFF));
            known.users.insert(me);
        }
        known.users.iter().take(STAFF).cloned().collect()
    }
}

/// The same of a room that has no session, by what is kept of its questions.
async fn colleagues_kept(kept: &Kept) -> Result<BTreeSet<String>, AppError> {
    let items = kept.store.items(kept.room).await?.items;
    let mut users: BTreeSet<String> = working_on(&items).take(STAFF).collect();
    // The audience is told of nobody who works on questions, and is no staff.
    if !users.is_empty() {
        users.insert(kept.user.clone());
    }
    Ok(users)
}

fn working_on(items: &[Item]) -> impl Iterator<Item = String> {
    let claims = items.iter().filter_map(|item| Some(&item.claim.as_ref()?.by));
    let people = items.iter().map(|item| &item.changed_by).chain(claims);
    people.map(|person| person.user.clone()).filter(|user| !user.is_empty())
}
