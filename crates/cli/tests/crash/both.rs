//! The server dies between the steps of storing and telling, and the clients with it or not.

use std::process::Stdio;
use std::time::Duration;

use aside_server::Rooms;
use tokio::io::AsyncReadExt as _;
use tokio::process::Child;

use crate::ledger::Ledger;
use crate::remains;
use crate::stage::{Dice, End, PATIENCE, Person, ServerProcess, kills, log, texts};

const PLACES: &[&str] = &[
    "server.inserted",
    "server.before-commit",
    "server.committed",
    "server.told-the-room",
    "server.told-a-sender",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_acks_a_server_that_dies_loses_and_doubles_nothing() {
    rounds(false, kills(6)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_acks_a_server_that_dies_doubles_nothing() {
    rounds(true, kills(6)).await;
}

/// A person who says one thing after the other.
struct Speaker {
    person: Person,
    ledger: Ledger,
    saying: Option<(String, Child)>,
}

impl Speaker {
    fn say(&mut self, text: String) {
        self.ledger.given(&text);
        let child = self.person.command(&["send", "--timeout", "50", &text]).spawn().unwrap();
        self.saying = Some((text, child));
    }

    /// Ends what is being said: at once if `kill`, else when it has ended by itself.
    async fn finish(&mut self, kill: bool) {
        let Some((text, mut child)) = self.saying.take() else { return };
        if kill {
            child.start_kill().unwrap();
        }
        let status = tokio::time::timeout(PATIENCE, child.wait()).await.expect("it ends").unwrap();
        if End::of(status) == End::Said(0) {
            self.ledger.acknowledged(&text);
        }
    }

    fn is_saying(&mut self) -> bool {
        let saying = self.saying.as_mut();
        saying.is_some_and(|(_, child)| child.try_wait().unwrap().is_none())
    }
}

async fn rounds(core_only: bool, kills: usize) {
    let data = tempfile::tempdir().unwrap();
    let addr = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let rooms = Rooms::administer(data.path()).unwrap();
    let mut speakers = Vec::new();
    for user in ["ann", "bob"] {
        let person = Person::new(&rooms, addr, user).await;
        speakers.push(Speaker { person, ledger: Ledger::default(), saying: None });
    }
    let listener = Person::new(&rooms, addr, "eve").await;
    let mut dice = Dice::new(3);
    for round in 0..kills {
        let place = PLACES[round % PLACES.len()];
        let place = format!("{place}:{}", 1 + dice.below(2));
        let mut server = ServerProcess::start(data.path(), addr, core_only, Some(&place)).await;
        let tail = listener.command(&["tail", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
        for (n, speaker) in speakers.iter_mut().enumerate() {
            // Every other time a speaker who is not done goes on, over the server's death.
            let kill = (round + n) % 2 == 0;
            if kill || !speaker.is_saying() {
                speaker.finish(kill).await;
                speaker.ledger.died(&speaker.person.outbox(), &log(&rooms).await);
                speaker.say(format!("{round} {n}"));
            }
        }
        let died = tokio::time::timeout(Duration::from_millis(1500), server.child.wait()).await;
        if let Ok(status) = died {
            assert_eq!(End::of(status.unwrap()), End::Died, "{place}");
        } else {
            server.child.kill().await.unwrap();
        }
        drop(remains::whole(data.path()));
        heard_in_order(tail, &log(&rooms).await).await;
    }
    settle(core_only, &rooms, data.path(), addr, speakers, &listener).await;
}

/// What a listener heard is in the log, in its order, each once: nothing is told before it is committed.
async fn heard_in_order(mut tail: Child, said: &[String]) {
    tail.start_kill().unwrap();
    let mut printed = Vec::new();
    tail.stdout.take().unwrap().read_to_end(&mut printed).await.unwrap();
    tail.wait().await.unwrap();
    let mut rest = said.iter();
    for text in texts(&printed) {
        assert!(
            rest.any(|said| *said == text),
            "heard, not in the log or not in its order: {text}"
        );
    }
}

async fn settle(
    core_only: bool,
    rooms: &Rooms,
    data: &std::path::Path,
    addr: std::net::SocketAddr,
    mut speakers: Vec<Speaker>,
    listener: &Person,
) {
    let _server = ServerProcess::start(data, addr, core_only, None).await;
    for speaker in &mut speakers {
        speaker.finish(false).await;
        let end = speaker.person.run(&["send", "--timeout", "50", "the last"], None).await;
        assert_eq!(end, End::Said(0));
    }
    let said = log(rooms).await;
    for speaker in &speakers {
        speaker.ledger.balance(&speaker.person.outbox(), &said, !core_only);
        assert_eq!(speaker.person.history().await, said);
    }
    assert_eq!(listener.history().await, said);
}
