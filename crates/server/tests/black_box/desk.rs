//! A running server with a room, and two members of staff at its desk.

use aside_protocol::Topic;
use aside_server::{Config, Issued, NewEntry, TokenSpec};
use serde_json::{Value, json};

use crate::client::{Client, Reply};
use crate::room::{Room, STREAM, TOPIC, spec};

/// A room with a second member of staff.
pub(crate) struct Desk {
    pub(crate) room: Room,
    pub(crate) tim: Issued,
}

impl Desk {
    pub(crate) async fn open(config: Config) -> Self {
        let room = Room::start(config).await;
        let tim = TokenSpec::staff(spec(), "tim", "Tim", "Org");
        let tim = room.running.rooms().create_token(tim).await.unwrap();
        Self { room, tim }
    }

    pub(crate) async fn ask(&self, text: &str) -> String {
        let asked = NewEntry::question("ann", "Ann", text);
        let rooms = self.room.running.rooms();
        rooms.publish(&Topic::new(TOPIC), asked).await.unwrap().id.as_str().to_owned()
    }

    /// A change of a question, as the room's own staff member.
    pub(crate) async fn change(&self, question: &str, change: Value) -> Reply {
        self.change_as(&self.room.staff, question, change).await
    }

    pub(crate) async fn change_as(&self, who: &Issued, question: &str, mut change: Value) -> Reply {
        change["questionId"] = question.into();
        change["streamId"] = STREAM.into();
        self.room.post(who, "/api/question/state", change).await
    }

    pub(crate) async fn changes(&self, query: &str) -> Value {
        let reply =
            self.room.get(&self.room.staff, &format!("/api/question/changes?{query}")).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()["data"].clone()
    }

    pub(crate) async fn item(&self, question: &str) -> Value {
        let items = self.changes("after=0").await["items"].as_array().unwrap().clone();
        items.into_iter().find(|item| item["questionId"] == question).unwrap()
    }

    pub(crate) async fn answer(
        &self,
        who: &Issued,
        question: &str,
        text: &str,
        more: Value,
    ) -> Reply {
        let mut body = json!({ "questionId": question, "content": text, "streamId": STREAM });
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        self.room.post(who, "/api/answer/add", body).await
    }
}

/// A member of staff who wants to be told.
pub(crate) async fn at_the_desk(room: &Room, who: &Issued) -> (Client, u64) {
    let mut client = room.open(who).await;
    client.frame(3, &json!({ "topic": TOPIC, "triage": true }).to_string()).await;
    let desk = client.object().await;
    assert_eq!(desk["type"], "desk");
    (client, desk["change"].as_u64().unwrap())
}

pub(crate) fn item(reply: &Reply, status: u16) -> Value {
    assert_eq!(reply.status, status, "{reply:?}");
    let body = reply.json();
    assert_eq!(body["code"], status);
    body["data"]["item"].clone()
}
