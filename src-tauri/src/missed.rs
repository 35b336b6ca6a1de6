//! What became of a room's questions while nobody saw it: no window with a desk was there, or the desk was catching up. It is told until somebody says
//! that they have read it.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aside_protocol::triage::{Item, Work};
use aside_session::{Connection, DeskState, Questions};

use crate::dto::Missed;
use crate::rooms::Live;
use crate::shell::Shell;

/// Why a question is closed that was answered in writing.
const IN_WRITING: &str = "text";

/// The questions of a room that have changed are there to be seen, if the window with the desk is shown; says what was missed.
pub(crate) fn look(shell: &Shell, live: &Live, told: &Questions) -> Missed {
    let view = live.session.watch().borrow().clone();
    let here = view.desk.state == DeskState::Local;
    let fresh =
        view.connection == Connection::Online && (here || view.desk.state == DeskState::Fresh);
    // On a desk that is kept here everybody's answers count, and nobody else decides anything.
    let mine = |item: &Item| {
        let decided = here && item.work == Work::Answered && item.reason != IN_WRITING;
        decided || item.changed_by.user == view.facts.user
    };
    if told.reset {
        live.watched.begin_anew(&told.items);
    }
    live.watched.look(&told.items, fresh, shell.shows_desk(), mine)
}

/// The questions of a room, as they were last there to be seen.
#[derive(Debug, Default)]
pub(crate) struct Watched(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// The desk was told whole once; until then, nothing of it is news.
    begun: bool,
    /// Nobody has it before them.
    away: bool,
    /// The highest number that was told.
    newest: u64,
    answered: BTreeSet<u64>,
    missed: Missed,
}

impl Watched {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No desk shows it any more, or its connection is gone.
    pub(crate) fn look_away(&self) {
        self.seen().away = true;
    }

    /// Somebody has read it.
    pub(crate) fn noted(&self) {
        self.seen().missed = Missed::default();
    }

    /// These are all questions there are. Numbers never fall, so that lower ones are those of another life of the room.
    fn begin_anew(&self, all: &[Item]) {
        let mut seen = self.seen();
        if all.iter().map(|item| item.number).max().is_some_and(|newest| newest < seen.newest) {
            seen.newest = 0;
            seen.answered.clear();
        }
    }

    /// These questions are so now; says what was missed. What this person did is no news to them. A page that asked before its window was
    /// hidden shows nobody what it hears after that.
    fn look(
        &self,
        items: &[Item],
        fresh: bool,
        shown: bool,
        mine: impl Fn(&Item) -> bool,
    ) -> Missed {
        let mut seen = self.seen();
        let is_seen = fresh && shown;
        let counts = seen.begun && (seen.away || !is_seen);
        let newest = seen.newest;
        // One that waits for review has no number.
        for item in items.iter().filter(|item| item.number > 0) {
            let others = counts && !mine(item);
            if item.number > newest && others {
                seen.missed.asked += 1;
            }
            let is_answered = item.work == Work::Answered;
            let is_news = if is_answered {
                seen.answered.insert(item.number)
            } else {
                seen.answered.remove(&item.number);
                false
            };
            if is_news && others {
                seen.missed.answered += 1;
            }
            seen.newest = seen.newest.max(item.number);
        }
        seen.begun |= fresh;
        seen.away = !is_seen;
        seen.missed
    }
}

#[cfg(test)]
mod tests {
    use aside_protocol::EntryId;
    use aside_protocol::Topic;
    use aside_protocol::triage::{Change, Person};
    use aside_server::{Answering, Config};
    use aside_session::{RoomView, Wish};

    use super::*;
    use crate::shell::tests::{Table, keyring};
    use crate::windows::RoomWindow;

    fn item(number: u64, work: Work, by: &str) -> Item {
        let id = EntryId::new(number.to_string());
        let changed_by = Person { user: by.to_owned(), ..Person::default() };
        Item { work, changed_by, ..Item::new(id, number, "?".to_owned(), Person::default(), 0) }
    }

    fn missed(asked: u32, answered: u32) -> Missed {
        Missed { asked, answered }
    }

    #[test]
    fn what_is_asked_in_another_life_of_the_room_is_new_whatever_its_number() {
        let desk = Watched::default();
        let told = |all: &[Item]| {
            desk.begin_anew(all);
            desk.look(all, true, true, |_| false)
        };
        let old = [item(119, Work::Answered, "ana"), item(120, Work::Open, "")];
        assert_eq!(told(&old), missed(0, 0), "there before anybody looked");
        desk.look_away();
        assert_eq!(told(&old), missed(0, 0), "all are read again");
        desk.look_away();
        let new = [item(1, Work::Answered, "ana"), item(2, Work::Open, "")];
        assert_eq!(told(&new), missed(2, 1));
        assert_eq!(told(&new), missed(2, 1), "once");
    }

    #[test]
    fn what_came_while_nobody_saw_it_is_told_until_it_is_noted() {
        let desk = Watched::default();
        let mine = |item: &Item| item.changed_by.user == "me";
        let look = |items: &[Item], fresh| desk.look(items, fresh, true, mine);
        let old = [item(1, Work::Open, ""), item(2, Work::Answered, "ana")];
        assert_eq!(look(&old[..1], false), missed(0, 0), "it is still being read");
        assert_eq!(look(&old, true), missed(0, 0), "there before anybody looked");
        assert_eq!(look(&[item(3, Work::Open, "")], true), missed(0, 0), "seen coming");

        desk.look_away();
        let came = [
            item(1, Work::Answered, "ana"),
            item(2, Work::Answered, "ana"),
            item(3, Work::Answered, "me"),
            item(4, Work::Open, ""),
            item(5, Work::Answered, "ana"),
            item(0, Work::Open, ""),
        ];
        assert_eq!(look(&came, true), missed(2, 2));
        assert_eq!(look(&came, true), missed(2, 2), "another window asks for the same");
        assert_eq!(look(&[item(6, Work::Open, "")], true), missed(2, 2), "seen coming");

        assert_eq!(look(&[item(7, Work::Open, "")], false), missed(3, 2), "catching up");
        assert_eq!(look(&[item(8, Work::Open, "")], true), missed(4, 2));
        desk.noted();
        assert_eq!(look(&came, true), missed(0, 0));
        let again = [item(5, Work::Open, "ana"), item(5, Work::Answered, "ana")];
        desk.look_away();
        assert_eq!(desk.look(&[], true, false, mine), missed(0, 0), "asked before it was hidden");
        assert_eq!(look(&again, true), missed(0, 1), "opened, and answered once more");
    }

    #[tokio::test]
    async fn what_comes_while_the_side_window_stands_alone_is_missed_at_the_desk() {
        let table = Table::set().await;
        let shell = table.start(&keyring());
        let room = table.join(&shell).await;
        let live = shell.rooms.live(room).await.unwrap();
        let mut view = live.session.watch();
        RoomWindow::ALL.into_iter().for_each(|which| shell.ticks(which).show());
        let mut told = async |open: u32| {
            let is_told =
                |view: &RoomView| view.desk.open == open && view.desk.state == DeskState::Fresh;
            view.wait_for(is_told).await.unwrap();
            look(&shell, &live, &live.session.questions(0).await.unwrap())
        };
        table.asks("why").await;
        assert_eq!(told(1).await, missed(0, 0));
        shell.ticks(RoomWindow::Main).hide();
        table.asks("how").await;
        assert_eq!(told(2).await, missed(1, 0));
        shell.ticks(RoomWindow::Main).show();
        assert_eq!(told(2).await, missed(1, 0), "who comes back finds it");
        shell.rooms.close().await;
    }

    #[tokio::test]
    async fn what_is_answered_aloud_without_a_connection_is_no_news_to_who_did_it() {
        let table = Table::set_with(Config { core_only: true, ..Config::for_tests() }).await;
        let shell = table.start(&keyring());
        let room = table.join(&shell).await;
        let live = shell.rooms.live(room).await.unwrap();
        shell.ticks(RoomWindow::Main).show();
        let mut view = live.session.watch();
        let why = table.asks("why").await;
        table.asks("how").await;
        view.wait_for(|view| view.desk.open == 2).await.unwrap();
        let all = live.session.questions(0).await.unwrap();
        assert_eq!(look(&shell, &live, &all), missed(0, 0));

        table.server.cut_sockets();
        view.wait_for(|view| view.connection != Connection::Online).await.unwrap();
        let aloud = Change {
            state: Some(Work::Answered),
            reason: Some("spoken".to_owned()),
            ..Change::default()
        };
        let question = all.items[1].question_id.clone();
        let wish = Wish { question, rev: None, device: String::new(), change: aloud };
        live.session.triage(wish).await.unwrap();
        let all = live.session.questions(0).await.unwrap();
        assert_eq!(look(&shell, &live, &all), missed(0, 0));

        let answering = Answering {
            question: why,
            user: "cleo".to_owned(),
            org_name: "Org".to_owned(),
            org_logo: String::new(),
            text: "because".to_owned(),
        };
        table.server.rooms().answer_as(&Topic::new("r"), answering).await.unwrap();
        view.wait_for(|view| view.desk.open == 0).await.unwrap();
        let all = live.session.questions(0).await.unwrap();
        assert_eq!(look(&shell, &live, &all), missed(0, 1), "in writing, by whoever it was");
        shell.rooms.close().await;
    }
}
