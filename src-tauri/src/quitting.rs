//! A person's Quit: first it is told what it would leave undone, and a second one, made by who may have read that, is taken at its word.
//! Whoever ends the app by a signal, or with the computer, is not asked.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aside_history::{Delivery, Outgoing, OutgoingState};
use aside_protocol::triage::Item;
use aside_session::{Begun, Connection, DeskState, OutgoingAnswer, Questions};
use futures_util::future::join_all;
use tauri::{AppHandle, Emitter, Manager};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::dto::{ConnectionState, QuitChoice, Undone, UndoneQuestion};
use crate::host::{self, Hosts};
use crate::rooms::Live;
use crate::settings::RoomKey;
use crate::shell::Shell;
use crate::windows::{self, RoomWindow};

#[cfg(test)]
pub(crate) mod tests;

/// A Quit waits for so long at most until it is known what it would leave undone ...
const COUNTING: Duration = Duration::from_secs(1);
/// ... and then for a page that shows it: a webview that is broken keeps nobody in the app.
const SHOWING: Duration = Duration::from_secs(5);
/// A Quit that comes sooner after it was shown was on its way before anybody had read it: a double click, or a key that is held.
const READING: Duration = Duration::from_secs(1);

/// How far a person's Quit has come.
#[derive(Default)]
pub(crate) struct Quitting(Mutex<Stage>);

#[derive(Default)]
enum Stage {
    #[default]
    Nobody,
    Counting,
    Asked(Question),
}

/// What somebody is asked before the app quits, and in which window.
struct Question {
    window: RoomWindow,
    undone: Vec<Undone>,
    shown: Shown,
}

enum Shown {
    /// Told when a page has it on the screen.
    NotYet(oneshot::Sender<()>),
    Since(Instant),
}

/// What a Quit does.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Count,
    /// It is being counted for already, or nobody can have read what is asked.
    Wait,
    Go,
}

impl Quitting {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wanted(&self, now: Instant) -> Wanted {
        let mut stage = self.stage();
        match &*stage {
            Stage::Nobody => {
                *stage = Stage::Counting;
                Wanted::Count
            }
            Stage::Asked(Question { shown: Shown::Since(since), .. })
                if now.duration_since(*since) >= READING =>
            {
                Wanted::Go
            }
            Stage::Counting | Stage::Asked(_) => Wanted::Wait,
        }
    }

    /// Asks, and gives what ends when that is seen, or when nobody is asked any more.
    fn ask(&self, window: RoomWindow, undone: Vec<Undone>) -> oneshot::Receiver<()> {
        let (unseen, seen) = oneshot::channel();
        *self.stage() = Stage::Asked(Question { window, undone, shown: Shown::NotYet(unseen) });
        seen
    }

    /// What the page of a window is to ask about; one that has started anew has not heard of it.
    pub(crate) fn asked(&self, which: RoomWindow) -> Vec<Undone> {
        match &*self.stage() {
            Stage::Asked(question) if question.window == which => question.undone.clone(),
            Stage::Nobody | Stage::Counting | Stage::Asked(_) => Vec::new(),
        }
    }

    fn shows(&self, which: RoomWindow, now: Instant) {
        if let Stage::Asked(Question { window, shown, .. }) = &mut *self.stage()
            && *window == which
            && matches!(shown, Shown::NotYet(_))
            && let Shown::NotYet(tell) = std::mem::replace(shown, Shown::Since(now))
        {
            // Whoever waited may have gone.
            let _gone = tell.send(());
        }
    }

    /// A person stays. What a page says that never showed the question is nobody's choice.
    fn stays(&self, which: RoomWindow) {
        self.forget(|Question { window, shown, .. }| {
            *window == which && matches!(shown, Shown::Since(_))
        });
    }

    /// The window that asks was taken off the screen: the next Quit asks again.
    pub(crate) fn put_off(&self, which: RoomWindow) {
        self.forget(|question| question.window == which);
    }

    fn forget(&self, which: impl Fn(&Question) -> bool) {
        let mut stage = self.stage();
        if matches!(&*stage, Stage::Asked(question) if which(question)) {
            *stage = Stage::Nobody;
        }
    }
}

/// Quits, unless something would be left undone: then the window comes to the front and asks.
pub(crate) fn ask(app: &AppHandle) {
    match app.state::<Quitting>().wanted(Instant::now()) {
        Wanted::Count => {}
        Wanted::Wait => return,
        Wanted::Go => return windows::quit(app),
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let (shell, hosts) = (app.state::<Shell>(), app.state::<Hosts>());
        let counted = Counted::default();
        let _late = timeout(COUNTING, counted.count(&shell, &hosts)).await;
        let undone = counted.so_far();
        if undone.is_empty() || !is_shown(&app, undone).await {
            windows::quit(&app);
        }
    });
}

/// Whether a page shows the question in time.
async fn is_shown(app: &AppHandle, undone: Vec<Undone>) -> bool {
    let Some(which) = windows::shown_last(app).into_iter().next() else { return false };
    let seen = app.state::<Quitting>().ask(which, undone.clone());
    if which == RoomWindow::Side {
        windows::take_clicks(app);
    }
    if let Err(error) = windows::bring(app, which) {
        tracing::error!(%error, "a window could not be shown");
        return false;
    }
    // A page that is still to start finds it in `boot`.
    let _unheard = app.emit_to(which.label(), "quit-asked", undone);
    timeout(SHOWING, seen).await.is_ok()
}

/// What a page says to it.
pub(crate) fn answered(app: &AppHandle, which: RoomWindow, choice: QuitChoice) {
    let quitting = app.state::<Quitting>();
    match choice {
        QuitChoice::Shown => quitting.shows(which, Instant::now()),
        QuitChoice::Stay => quitting.stays(which),
        QuitChoice::Quit => windows::quit(app),
    }
}

/// What a Quit would leave undone, room by room in their order, as far as it is known: what takes long takes nothing else along.
#[derive(Default)]
struct Counted(Mutex<Vec<Undone>>);

impl Counted {
    fn rooms(&self) -> MutexGuard<'_, Vec<Undone>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn so_far(&self) -> Vec<Undone> {
        let is_something = |of: &&Undone| {
            let Undone { id: _, room: _, questions: _, drafts, unsent, held, claims, people } = of;
            drafts + unsent + held + claims + people > 0
        };
        self.rooms().iter().filter(is_something).cloned().collect()
    }

    fn add(&self, at: usize, found: impl FnOnce(&mut Undone)) {
        if let Some(undone) = self.rooms().get_mut(at) {
            found(undone);
        }
    }

    async fn count(&self, shell: &Shell, hosts: &Hosts) {
        let rooms: Vec<RoomKey> =
            shell.remembered.read(|memory| memory.rooms.iter().map(|room| room.key).collect());
        let name = |key: &RoomKey| aside_text::name(&shell.label(*key));
        let named = rooms.iter().map(|key| Undone {
            id: key.to_string(),
            room: name(key),
            ..Undone::default()
        });
        *self.rooms() = named.collect();
        let each = rooms.into_iter().enumerate();
        join_all(each.map(|(at, key)| self.count_in(at, shell, hosts, key))).await;
    }

    /// What can't be read holds nobody back.
    async fn count_in(&self, at: usize, shell: &Shell, hosts: &Hosts, key: RoomKey) {
        let status = shell.rooms.status(key);
        let people = async {
            let people = host::people(shell, hosts, key).await;
            // This person is one of them.
            let me = status.as_ref().map(|status| status.connection.state);
            let me = u32::from(me == Some(ConnectionState::Online));
            self.add(at, |undone| undone.people = people.saturating_sub(me));
        };
        let begun = async {
            let written = shell.draft(key).await.ok().flatten();
            let has = status.is_some() && written.is_some_and(|draft| !draft.text.is_empty());
            self.add(at, |undone| undone.drafts += u32::from(has));
        };
        let work = async {
            if let Some(live) = shell.rooms.ready(key) {
                self.count_work(at, shell, &live).await;
            }
        };
        tokio::join!(people, begun, work);
    }

    async fn count_work(&self, at: usize, shell: &Shell, live: &Live) {
        let view = live.session.watch().borrow().clone();
        let outbox = shell.rooms.store().outbox(live.session.room()).await.unwrap_or_default();
        let unsent = count(outbox.iter().filter(|item| is_unsent(item, view.facts.takes_once)));
        self.add(at, |undone| undone.unsent = unsent);
        let Ok(questions) = live.session.questions(0).await else { return };
        let Questions { items, drafted, outgoing, .. } = &questions;
        // A draft of a question that is gone can't be found by anybody any more.
        let is_there = |begun: &&Begun| {
            items.iter().any(|item| item.question_id == begun.question && !item.is_void())
        };
        // What could be taken back now is sent by the goodbye, and then its question is closed.
        let leaves =
            |answer: &&OutgoingAnswer| answer.held_back && view.connection == Connection::Online;
        let stays = |item: &&Item| {
            !outgoing.iter().filter(leaves).any(|answer| answer.question == item.question_id)
        };
        let (me, device) = (view.facts.user.as_str(), shell.device());
        let now = live.session.now().as_millisecond();
        let claimed = items.iter().filter(stays);
        let claimed = claimed.filter(|item| is_claimed(item, me, &device, now));
        // Where there is no desk, nobody waits for a claim.
        let claims = if view.desk.state == DeskState::Local { 0 } else { count(claimed) };
        self.add(at, |undone| {
            undone.questions = begun(&questions, leaves);
            undone.drafts += count(drafted.iter().filter(is_there));
            undone.unsent = unsent.saturating_sub(count(outgoing.iter().filter(leaves)));
            undone.held = count(outgoing.iter().filter(|answer| answer.held));
            undone.claims = claims;
        });
    }
}

/// Which questions have something half written, or an answer that is held or still to be sent and that no goodbye sends.
fn begun(told: &Questions, leaves: impl Fn(&&OutgoingAnswer) -> bool) -> Vec<UndoneQuestion> {
    let waits = |answer: &&OutgoingAnswer| {
        answer.held || answer.state == Delivery::Sending && !leaves(answer)
    };
    let answered = told.outgoing.iter().filter(waits).map(|answer| &answer.question);
    let begun: BTreeSet<_> =
        told.drafted.iter().map(|begun| &begun.question).chain(answered).collect();
    // One that waits for review has no number yet.
    let items = told.items.iter().filter(|item| !item.is_void() && item.number > 0);
    let items = items.filter(|item| begun.contains(&item.question_id));
    let mut questions: Vec<_> = items
        .map(|item| UndoneQuestion { id: item.question_id.to_string(), number: item.number })
        .collect();
    questions.sort_by_key(|question| question.number);
    questions
}

/// What failed was told when it did, and what is in doubt, too: no start sends it again, except where the server takes each entry once.
fn is_unsent(item: &Outgoing, takes_once: bool) -> bool {
    match item.state {
        OutgoingState::Queued => true,
        OutgoingState::Written(_) | OutgoingState::Unsure(_) => takes_once,
        OutgoingState::Failed { .. } | OutgoingState::InReview { .. } => false,
    }
}

/// Whether colleagues wait for this person, on this device.
fn is_claimed(item: &Item, me: &str, device: &str, now_ms: i64) -> bool {
    item.claim.as_ref().is_some_and(|claim| {
        claim.by.user == me && claim.device == device && claim.expires_at > now_ms
    })
}

fn count(of: impl Iterator) -> u32 {
    u32::try_from(of.count()).unwrap_or(u32::MAX)
}
