//! A person's Quit: first it is told what it would leave undone, and a second one is taken at its word. Whoever ends the app by a signal, or
//! with the computer, is not asked.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aside_history::{Outgoing, OutgoingState};
use aside_protocol::triage::Item;
use aside_session::OutgoingAnswer;
use tauri::{AppHandle, Emitter, Manager};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::dto::{ConnectionState, DeskKind, QuitChoice, Undone};
use crate::host::{self, Hosts};
use crate::rooms::Live;
use crate::settings::RoomKey;
use crate::shell::Shell;
use crate::windows::{self, RoomWindow};

#[cfg(test)]
mod tests;

/// A Quit waits for so long at most until it is known what it would leave undone ...
const COUNTING: Duration = Duration::from_secs(1);
/// ... and then for a page that shows it: a webview that is broken keeps nobody in the app.
const SHOWING: Duration = Duration::from_secs(5);

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
    /// Told when a page has it on the screen; gone by then.
    unseen: Option<oneshot::Sender<()>>,
}

/// What a Quit does.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Count,
    /// It is being counted for already.
    Wait,
    Go,
}

impl Quitting {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wanted(&self) -> Wanted {
        let mut stage = self.stage();
        match *stage {
            Stage::Nobody => {
                *stage = Stage::Counting;
                Wanted::Count
            }
            Stage::Counting => Wanted::Wait,
            Stage::Asked(_) => Wanted::Go,
        }
    }

    /// Asks, and gives what ends when that is seen, or when nobody is asked any more.
    fn ask(&self, window: RoomWindow, undone: Vec<Undone>) -> oneshot::Receiver<()> {
        let (unseen, seen) = oneshot::channel();
        *self.stage() = Stage::Asked(Question { window, undone, unseen: Some(unseen) });
        seen
    }

    /// What the page of a window is to ask about; one that has started anew has not heard of it.
    pub(crate) fn asked(&self, which: RoomWindow) -> Vec<Undone> {
        match &*self.stage() {
            Stage::Asked(question) if question.window == which => question.undone.clone(),
            Stage::Nobody | Stage::Counting | Stage::Asked(_) => Vec::new(),
        }
    }

    fn shows(&self, which: RoomWindow) {
        if let Stage::Asked(Question { window, unseen, .. }) = &mut *self.stage()
            && *window == which
        {
            drop(unseen.take());
        }
    }

    /// A person stays. What a page says that never showed the question is nobody's choice.
    fn stays(&self, which: RoomWindow) {
        self.forget(|Question { window, unseen, .. }| *window == which && unseen.is_none());
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
    match app.state::<Quitting>().wanted() {
        Wanted::Count => {}
        Wanted::Wait => return,
        Wanted::Go => return windows::quit(app),
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let (shell, hosts) = (app.state::<Shell>(), app.state::<Hosts>());
        let undone = timeout(COUNTING, undone(&shell, &hosts)).await.unwrap_or_default();
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
        QuitChoice::Shown => quitting.shows(which),
        QuitChoice::Stay => quitting.stays(which),
        QuitChoice::Quit => windows::quit(app),
    }
}

/// What a Quit would leave undone now, in the order of the rooms.
pub(crate) async fn undone(shell: &Shell, hosts: &Hosts) -> Vec<Undone> {
    let rooms: Vec<RoomKey> =
        shell.remembered.read(|memory| memory.rooms.iter().map(|room| room.key).collect());
    let mut all = Vec::new();
    for key in rooms {
        let found = undone_in(shell, hosts, key).await;
        let Undone { drafts, unsent, held, claims, people, .. } = found;
        if drafts + unsent + held + claims + people > 0 {
            all.push(found);
        }
    }
    all
}

/// What can't be read holds nobody back.
async fn undone_in(shell: &Shell, hosts: &Hosts, key: RoomKey) -> Undone {
    let room = aside_text::name(&shell.label(key));
    let mut undone =
        Undone { room, people: host::people(shell, hosts, key).await, ..Undone::default() };
    let Some(status) = shell.rooms.status(key) else { return undone };
    let is_online = status.connection.state == ConnectionState::Online;
    // This person is one of them.
    undone.people = undone.people.saturating_sub(u32::from(is_online));
    let written = shell.draft(key).await.ok().flatten();
    undone.drafts = u32::from(written.is_some_and(|draft| !draft.text.is_empty()));
    let Some(live) = shell.rooms.ready(key) else { return undone };
    let outbox = shell.rooms.store().outbox(live.session.room()).await.unwrap_or_default();
    undone.unsent = count(outbox.iter().filter(|item| is_unsent(item)));
    let Ok(mut questions) = live.session.questions(0).await else { return undone };
    undone.drafts += count(questions.drafted.iter());
    undone.held = count(questions.outgoing.iter().filter(|answer| answer.held));
    // What could be taken back now is sent by the goodbye, and then its question is closed.
    let leaves = |answer: &OutgoingAnswer| answer.held_back && is_online;
    let leaving: Vec<_> = questions.outgoing.iter().filter(|answer| leaves(answer)).collect();
    undone.unsent = undone.unsent.saturating_sub(count(leaving.iter()));
    let answered = |item: &Item| leaving.iter().any(|of| of.question == item.question_id);
    questions.items.retain(|item| !answered(item));
    // Where there is no desk, nobody waits for a claim.
    if status.desk.kind == DeskKind::Server {
        undone.claims = claims(shell, &live, &questions.items);
    }
    undone
}

/// What failed was told when it did.
fn is_unsent(item: &Outgoing) -> bool {
    match item.state {
        OutgoingState::Queued | OutgoingState::Written(_) | OutgoingState::Unsure(_) => true,
        OutgoingState::Failed { .. } | OutgoingState::InReview { .. } => false,
    }
}

/// How many questions colleagues would wait for.
fn claims(shell: &Shell, live: &Live, items: &[Item]) -> u32 {
    let (me, device) = (live.session.watch().borrow().facts.user.clone(), shell.device());
    let is_mine = |item: &&Item| {
        item.claim.as_ref().is_some_and(|claim| claim.by.user == me && claim.device == device)
    };
    count(items.iter().filter(is_mine))
}

fn count(of: impl Iterator) -> u32 {
    u32::try_from(of.count()).unwrap_or(u32::MAX)
}
