//! A running server with one room in it, for a test to begin from.

use std::net::SocketAddr;

use aside_protocol::{Seq, Topic};
use aside_server::{Config, Issued, NewEntry, Placed, RoomSpec, Running, TokenSpec, start};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::client::{Client, Reply, http};

/// Topic and stream id of the room; they differ, so that nothing passes by mixing them up.
pub(crate) const TOPIC: &str = "42";
pub(crate) const STREAM: &str = "stream-42";

pub(crate) struct Room {
    pub(crate) running: Running,
    pub(crate) ann: Issued,
    pub(crate) bob: Issued,
    pub(crate) staff: Issued,
}

pub(crate) fn spec() -> RoomSpec {
    RoomSpec::new(TOPIC).stream(STREAM)
}

/// Both modes, for what is true in each.
pub(crate) fn modes() -> [Config; 2] {
    [Config { core_only: true, ..Config::for_tests() }, Config::for_tests()]
}

impl Room {
    pub(crate) async fn start(config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::start_on(config, listener).await
    }

    pub(crate) async fn start_on(config: Config, listener: TcpListener) -> Self {
        let running = start(config, listener).await.unwrap();
        let rooms = running.rooms();
        let ann = TokenSpec {
            avatar_url: "https://a.example/ann.png".to_owned(),
            ..audience("ann", "Ann")
        };
        let ann = rooms.create_token(ann).await.unwrap();
        let bob = rooms.create_token(audience("bob", "Bob")).await.unwrap();
        let staff = TokenSpec {
            org_logo: "https://o.example/logo.png".to_owned(),
            ..TokenSpec::staff(spec(), "sue", "Sue", "Org")
        };
        let staff = rooms.create_token(staff).await.unwrap();
        Self { running, ann, bob, staff }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.running.addr()
    }

    pub(crate) async fn open(&self, who: &Issued) -> Client {
        Client::open(self.addr(), who.token.expose(), TOPIC).await
    }

    /// A client in the room, by the core's join, with nothing waiting.
    pub(crate) async fn joined(&self, who: &Issued) -> Client {
        let mut client = self.open(who).await;
        client.join().await;
        client.nothing_waits().await;
        client
    }

    pub(crate) async fn get(&self, who: &Issued, target: &str) -> Reply {
        let request = format!("GET {target}");
        http(self.addr(), &request, &[("authorization", who.token.expose())], b"").await
    }

    pub(crate) async fn post(&self, who: &Issued, path: &str, body: Value) -> Reply {
        let headers = [("authorization", who.token.expose()), ("content-type", "application/json")];
        http(self.addr(), &format!("POST {path}"), &headers, body.to_string().as_bytes()).await
    }

    /// One page of history.
    pub(crate) async fn page(&self, query: &str) -> Vec<Value> {
        let reply = self.get(&self.ann, &format!("/api/message/chatmsg?{query}")).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let body = reply.json();
        assert_eq!(body["code"], 200);
        body["data"]["items"].as_array().unwrap().clone()
    }

    pub(crate) async fn publish(&self, text: &str) -> Placed {
        let topic = Topic::new(TOPIC);
        self.running.rooms().publish(&topic, NewEntry::message("dan", "Dan", text)).await.unwrap()
    }

    /// Messages named by their number.
    pub(crate) async fn seed(&self, count: usize) -> Vec<Placed> {
        let topic = Topic::new(TOPIC);
        let entries = (1..=count).map(|n| NewEntry::message("dan", "Dan", n.to_string())).collect();
        self.running.rooms().seed(&topic, entries).await.unwrap()
    }

    /// The contents of the log, as it is on disk.
    pub(crate) async fn log(&self) -> Vec<String> {
        let topic = Topic::new(TOPIC);
        let entries = self.running.rooms().entries(&topic, Seq(0), u32::MAX).await.unwrap();
        entries.into_iter().map(|entry| entry.content).collect()
    }

    pub(crate) async fn epoch(&self) -> String {
        let room = self.running.rooms().room(&Topic::new(TOPIC)).await.unwrap();
        room.epoch.as_str().to_owned()
    }
}

fn audience(user: &str, name: &str) -> TokenSpec {
    TokenSpec::audience(spec(), user, name)
}
