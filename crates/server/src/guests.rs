//! Guests: whoever has the link of a room that lets them in gets a token of the audience, for a day.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use aside_protocol::{StreamId, Token, Topic};
use axum::extract::{Extension, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Transaction};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::asking::{Posted, whole};
use crate::config::Rate;
use crate::gate;
use crate::refusal::{self, Refusal};
use crate::rooms::new_secret;
use crate::routes::Server;
use crate::spec::{TokenId, TokenSpec};
use crate::store::guests;
use crate::store::tokens::{self, RoomRow};
use crate::upgrade::Peer;

/// Where guests are let in.
pub(crate) const PATH: &str = "/api/guest";

/// How long a guest may stay: an event, and the evening after it.
const STAY: SignedDuration = SignedDuration::from_hours(24);

/// Whoever came in so recently may be about to open a socket, or have laid the phone aside for a moment.
const LATELY: SignedDuration = SignedDuration::from_mins(10);

/// Guests that give way at once in a full room: enough that not every newcomer has to look for some.
const TOGETHER: usize = 200;

/// How often they are looked for, since all guests of the room are looked at.
const LOOKS: Rate = Rate { every: Duration::from_secs(5), burst: 1 };

/// The longest name, in bytes.
const NAME_BYTES: usize = 128;

/// `GET api/guest?topic=&stream=`: whether the room lets guests in.
pub(crate) async fn open(State(server): State<Arc<Server>>, uri: Uri) -> Result<Response, Refusal> {
    let pairs = gate::query_pairs(&uri).ok_or(Refusal::Malformed("the query cannot be read"))?;
    let find = |name: &str| {
        pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    };
    let guests = match server.guests_of(find("topic"), find("stream")).await {
        Ok(_) => true,
        Err(Refusal::Role) => false,
        Err(refusal) => return Err(refusal),
    };
    let data = json!({ "guests": guests });
    Ok(refusal::json(StatusCode::OK, json!({ "code": 200, "data": data }).to_string()))
}

/// `POST api/guest` with `{"topic","streamId","name"}`: a token.
pub(crate) async fn enter(
    State(server): State<Arc<Server>>,
    Extension(Peer(address)): Extension<Peer>,
    body: Posted,
) -> Result<Response, Refusal> {
    let asked: Value =
        serde_json::from_slice(&whole(body)?).map_err(|_| Refusal::Malformed("not a guest"))?;
    let text = |key: &str| asked[key].as_str().unwrap_or_default().trim();
    let room = server.guests_of(text("topic"), text("streamId")).await?;
    let name = text("name");
    if name.len() > NAME_BYTES {
        return Err(Refusal::TooLong);
    }
    if name.contains(char::is_control) {
        return Err(Refusal::Malformed("a name is one line"));
    }
    let limit = server.config.limits.guests;
    server.guests.turn(network(address), limit, Instant::now()).map_err(Refusal::TooFast)?;
    let hall = &server.hall;
    let user = format!("{}{:016x}", guests::USER, hall.dice.roll() as u64);
    let name = if name.is_empty() { &user } else { name };
    let now = hall.clock.now();
    let expires = now.checked_add(STAY).map_err(|_| Refusal::Unavailable)?;
    let spec = guest(&room, &user, name, expires);
    let secret = new_secret(&hall.dice);
    let (hash, id) = (tokens::hash(&secret), TokenId(uuid::Uuid::new_v4().simple().to_string()));
    let (key, now_ms) = (room.key, now.as_millisecond());
    let most = server.config.limits.guests_per_room;
    let admit = move |conn: &Transaction<'_>| {
        guests::admit(conn, key, now_ms, most, |conn| {
            tokens::insert_token(conn, &id, &hash, key, &spec, now_ms)
        })
    };
    let fits = hall.store.write(admit.clone()).await?
        || (server.make_place(key, now).await? && hall.store.write(admit).await?);
    if !fits {
        return Err(Refusal::Busy);
    }
    tracing::info!(room = room.topic.as_str(), user, "guest");
    let token = Token::new(secret);
    let data = json!({ "token": token.expose(), "expiresAt": expires.as_millisecond() });
    Ok(refusal::json(StatusCode::OK, json!({ "code": 200, "data": data }).to_string()))
}

fn guest(room: &RoomRow, user: &str, name: &str, expires: Timestamp) -> TokenSpec {
    let room = crate::spec::RoomSpec { topic: room.topic.clone(), stream: room.stream.clone() };
    TokenSpec { expires: Some(expires), ..TokenSpec::audience(room, user, name) }
}

impl Server {
    /// The room, if it lets guests in. A room that is not there is no other refusal than one that does not.
    async fn guests_of(&self, topic: &str, stream: &str) -> Result<RoomRow, Refusal> {
        let (topic, stream) = (Topic::new(topic), StreamId::new(stream));
        if !self.config.guests.contains(&topic) {
            return Err(Refusal::Role);
        }
        let room = self.hall.store.read(move |conn| tokens::room(conn, &topic)).await?;
        room.filter(|room| room.stream == stream).ok_or(Refusal::Role)
    }

    /// In a full room, those who only took a token give way, or one stranger could keep everybody out; says whether any did.
    async fn make_place(&self, room: i64, now: Timestamp) -> Result<bool, Refusal> {
        if self.guest_looks.take(room, Some(LOOKS), Instant::now()).is_err() {
            return Ok(false);
        }
        let here = self.hall.sockets.users(room);
        let before = now.checked_add(STAY - LATELY).map_err(|_| Refusal::Unavailable)?;
        let before_ms = before.as_millisecond();
        let idle = move |conn: &Connection| guests::idle(conn, room, before_ms, &here, TOGETHER);
        let idle = self.hall.store.read(idle).await?;
        let count = idle.len();
        if count == 0 {
            return Ok(false);
        }
        self.hall.store.write(move |conn| guests::forget(conn, &idle)).await?;
        tracing::info!(room, count, "guests who only took a token give way");
        Ok(true)
    }
}

/// Whoever has one address of version 6 has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => IpAddr::V4(address),
            None => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Limits;
    use crate::pace::Paces;

    /// All read the link on the same slide; whoever is to wait comes back as late as is said, in whole seconds.
    #[test]
    fn a_thousand_behind_one_address_are_in_within_half_a_minute_by_the_second_try() {
        let (paces, rate, start) = (Paces::default(), Limits::default().guests, Instant::now());
        let mut waits = Vec::new();
        for _ in 0..1000 {
            waits.extend(paces.turn((), rate, start).err());
        }
        assert!(waits.len() <= 500, "an audience of hundreds is in at once: {} wait", waits.len());
        for wait in waits {
            let seconds = Duration::from_secs(wait.as_millis().div_ceil(1000) as u64);
            assert!(seconds <= Duration::from_secs(30), "{seconds:?}");
            assert_eq!(paces.turn((), rate, start + seconds), Ok(()), "{seconds:?}");
        }
    }

    /// Those of the last ten minutes give way to nobody.
    #[test]
    fn one_address_alone_fills_no_room() {
        let limits = Limits::default();
        let rate = limits.guests.unwrap();
        let lately = LATELY.unsigned_abs().as_millis() / rate.every.as_millis();
        assert!(lately + u128::from(rate.burst) < u128::from(limits.guests_per_room) * 3 / 4);
    }

    #[test]
    fn a_network_of_version_6_is_one_stranger() {
        let of = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(of("203.0.113.7"), "203.0.113.7");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("::ffff:203.0.113.7"), "203.0.113.7");
    }
}
