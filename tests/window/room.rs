//! A real room server in this process, with a room, its people, and a past.

use std::{net::SocketAddr, time::Duration};

use aside_protocol::{AnswerNotes, Body, Seq, Token, Topic};
use aside_server::{Answering, Config, NewEntry, Placed, Probe, RoomSpec, Running, TokenSpec};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::{audience::Audience, driver::client, late};

pub(crate) const TOPIC: &str = "4711";
pub(crate) const STREAM: &str = "s-4711";

/// What the server is able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Both parts of the protocol.
    Full,
    /// Part 1 alone.
    Core,
}

pub(crate) struct Room {
    running: Option<Running>,
    addr: SocketAddr,
    mode: Mode,
    data: TempDir,
    /// Of Ana, who sits before the window.
    pub(crate) ana: Token,
    /// Of Bo, who is somewhere else.
    bo: Token,
    /// Of Cleo, who answers for the organisation.
    cleo: Token,
}

impl Room {
    pub(crate) async fn open(mode: Mode) -> Room {
        let data = tempfile::tempdir().unwrap();
        let running = serve(mode, &data, "127.0.0.1:0".parse().unwrap()).await;
        let spec = || RoomSpec::new(TOPIC).stream(STREAM);
        let rooms = running.rooms();
        let mut tokens = Vec::new();
        for person in [
            TokenSpec::audience(spec(), "ana", "Ana"),
            TokenSpec::audience(spec(), "bo", "Bo"),
            TokenSpec::staff(spec(), "cleo", "Cleo", "Museum"),
        ] {
            tokens.push(rooms.create_token(person).await.unwrap().token);
        }
        let [ana, bo, cleo] = tokens.try_into().unwrap();
        Room { addr: running.addr(), running: Some(running), mode, data, ana, bo, cleo }
    }

    /// What is typed into the join form.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What every entry of the room says, in its order.
    pub(crate) async fn texts(&self) -> Vec<String> {
        let (rooms, topic) = (self.running().rooms(), Topic::new(TOPIC));
        let entries = rooms.entries(&topic, Seq(0), 1_000_000).await.unwrap();
        entries.iter().map(|entry| entry.body().text().to_owned()).collect()
    }

    pub(crate) fn probe(&self) -> Probe {
        self.running().probe()
    }

    pub(crate) async fn bo(&self) -> Audience {
        Audience::join(self.addr, &self.bo).await
    }

    pub(crate) fn cleo(&self) -> &Token {
        &self.cleo
    }

    /// A past of `count` entries of all three kinds; each says its own number.
    pub(crate) async fn remember(&self, count: usize) {
        let entry = |number: usize| match number % 5 {
            2 => NewEntry::question("dora", "Dora", past(number)),
            3 => {
                let answer = Body::Answer {
                    org_name: "Museum".to_owned(),
                    org_logo: String::new(),
                    question: past(number - 1),
                    text: past(number),
                    question_id: None,
                    notes: AnswerNotes::default(),
                };
                NewEntry::new(answer, "cleo", "Dora")
            }
            _ => NewEntry::message("bo", "Bo", past(number)),
        };
        let entries = (0..count).map(entry).collect();
        self.running().rooms().seed(&Topic::new(TOPIC), entries).await.unwrap();
    }

    /// A past of `count` messages of as many as `people`, in turn, each with a picture.
    pub(crate) async fn remember_faces(&self, count: usize, people: usize) {
        let entry = |number: usize| {
            let who = number % people;
            let text = format!("face {number:03}");
            let entry = NewEntry::message(format!("face-{who}"), format!("Face {who}"), text);
            NewEntry { avatar_url: late::picture(who), ..entry }
        };
        let entries = (0..count).map(entry).collect();
        self.running().rooms().seed(&Topic::new(TOPIC), entries).await.unwrap();
    }

    /// Something is said in the room, whoever is in it.
    pub(crate) async fn say(&self, text: &str) -> Placed {
        let entry = NewEntry::message("bo", "Bo", text);
        self.running().rooms().publish(&Topic::new(TOPIC), entry).await.unwrap()
    }

    /// Much is said at once.
    pub(crate) async fn say_all(&self, texts: impl Iterator<Item = String>) {
        let entries = texts.map(|text| NewEntry::message("bo", "Bo", text)).collect();
        self.running().rooms().seed(&Topic::new(TOPIC), entries).await.unwrap();
    }

    /// The same of entries that bring more than a text.
    pub(crate) async fn seed(&self, entries: Vec<NewEntry>) {
        self.running().rooms().seed(&Topic::new(TOPIC), entries).await.unwrap();
    }

    /// Somebody asks; says what the question is called.
    pub(crate) async fn ask(&self, question: &str) -> aside_protocol::EntryId {
        let asked = NewEntry::question("dora", "Dora", question);
        self.running().rooms().publish(&Topic::new(TOPIC), asked).await.unwrap().id
    }

    /// From now on, what the audience asks waits until staff approve it.
    pub(crate) async fn review(&self) {
        self.running().rooms().set_review(&Topic::new(TOPIC), true).await.unwrap();
    }

    /// Somebody may not speak for so many seconds; for none, they may again.
    pub(crate) async fn mute(&self, user: &str, seconds: u64) {
        let (topic, time) = (Topic::new(TOPIC), Duration::from_secs(seconds));
        self.running().rooms().mute(&topic, user, time, "").await.unwrap();
    }

    /// A colleague answers.
    pub(crate) async fn colleague_answers(&self, question: aside_protocol::EntryId, text: &str) {
        let answering = Answering {
            question,
            user: "tim".to_owned(),
            org_name: "Museum".to_owned(),
            org_logo: String::new(),
            text: text.to_owned(),
        };
        self.running().rooms().answer_as(&Topic::new(TOPIC), answering).await.unwrap();
    }

    /// Cleo changes a question from elsewhere; `change` names the revision that it is of.
    pub(crate) async fn change(&self, question: &aside_protocol::EntryId, mut change: Value) {
        change["questionId"] = question.as_str().into();
        change["streamId"] = STREAM.into();
        let url = format!("{}/api/question/state", self.url());
        let ask = client().post(url).header("authorization", self.cleo.expose()).json(&change);
        let reply = ask.send().await.unwrap();
        assert!(reply.status().is_success(), "{reply:?}");
    }

    /// So many people of the audience, by their tokens.
    pub(crate) async fn crowd(&self, count: usize) -> Vec<Token> {
        let mut tokens = Vec::new();
        for n in 0..count {
            let spec = TokenSpec::audience(
                RoomSpec::new(TOPIC).stream(STREAM),
                format!("voter-{n}"),
                format!("Voter {n}"),
            );
            tokens.push(self.running().rooms().create_token(spec).await.unwrap().token);
        }
        tokens
    }

    /// Somebody asks; the organisation answers.
    pub(crate) async fn ask_and_answer(&self, question: &str, answer: &str) {
        let rooms = self.running().rooms();
        let topic = Topic::new(TOPIC);
        let asked =
            rooms.publish(&topic, NewEntry::question("dora", "Dora", question)).await.unwrap();
        let answering = Answering {
            question: asked.id,
            user: "cleo".to_owned(),
            org_name: "Museum".to_owned(),
            org_logo: String::new(),
            text: answer.to_owned(),
        };
        rooms.answer_as(&topic, answering).await.unwrap();
    }

    /// The server goes, as for an update.
    pub(crate) async fn stop(&mut self) {
        self.running.take().expect("it runs").stop().await;
    }

    /// The server comes back, on the same port and with the same memory.
    pub(crate) async fn start(&mut self) {
        self.running = Some(serve(self.mode, &self.data, self.addr).await);
    }

    /// Things are said while nobody can reach the server at its port: it lives at another one for a moment.
    pub(crate) async fn say_unheard(&self, texts: &[String]) {
        assert!(self.running.is_none(), "everybody would hear it");
        let elsewhere = serve(self.mode, &self.data, "127.0.0.1:0".parse().unwrap()).await;
        let entries = texts.iter().map(|text| NewEntry::message("bo", "Bo", text)).collect();
        elsewhere.rooms().seed(&Topic::new(TOPIC), entries).await.unwrap();
        elsewhere.stop().await;
    }

    /// What Ana's app did on the socket: one trace per connection.
    pub(crate) fn ana_connections(&self) -> Vec<aside_server::ConnectionTrace> {
        self.probe()
            .connections()
            .into_iter()
            .filter(|connection| connection.user == "ana")
            .collect()
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("the server runs")
    }
}

/// What entry `number` of the past says.
pub(crate) fn past(number: usize) -> String {
    format!("past {number:03} 从前")
}

/// The kind of entry `number` of the past.
pub(crate) fn past_kind(number: usize) -> &'static str {
    match number % 5 {
        2 => "question",
        3 => "answer",
        _ => "message",
    }
}

async fn serve(mode: Mode, data: &TempDir, addr: SocketAddr) -> Running {
    let mut config = Config::for_tests();
    config.data = Some(data.path().to_path_buf());
    config.core_only = mode == Mode::Core;
    config.limits.restart_after = Duration::from_millis(200);
    let listener = TcpListener::bind(addr).await.expect("the port is still ours");
    aside_server::start(config, listener).await.expect("the server starts")
}
