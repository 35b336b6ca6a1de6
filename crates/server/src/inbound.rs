//! The reading half of a connection: what a client sends, judged frame by frame.

use std::time::Duration;

use aside_protocol::http::Stored;
use aside_protocol::triage::{Look, TAG_BYTES};
use aside_protocol::{
    ClientFrame, Control, EntryId, EntryKind, Extension, Join, Nonce, OutgoingMessage, Resume,
    ServerFrame, Topic, close,
};
use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::config::Rate;
use crate::connection::{Connection, goodbye_for};
use crate::metrics::Metrics;
use crate::outlet::{FIRST_SUBSCRIPTION, Goodbye};
use crate::pace::Pace;
use crate::refusal::Refusal;
use crate::review;
use crate::room::{Room, Sees};
use crate::store::entries::Draft;
use crate::store::tokens;
use crate::store::writer::{Append, Reply, Write};

/// How often somebody may say what they look at: as fast as a key repeats through a list.
const LOOKS: Rate = Rate { every: Duration::from_millis(100), burst: 20 };

/// A join that goes on where the last one ended.
#[derive(Debug)]
pub(crate) struct Resumed {
    pub(crate) resume: Resume,
    /// What whoever joins is told besides entries.
    pub(crate) sees: Sees,
}

/// What is said to those who see questions before they are told of changes: where the changes begin, and at a desk who looks
/// at what and where the snippets stand.
pub(crate) fn desk_frames(room: &Room, sees: &Sees, change: u64) -> Vec<String> {
    let mut frames = Vec::new();
    if *sees != Sees::Entries {
        frames.push(ServerFrame::control_text(&Control::Desk { change }));
    }
    if *sees == Sees::Desk {
        frames.extend(room.looking.all().iter().map(ServerFrame::presence_text));
        let rev = room.snippets();
        if rev > 0 {
            frames.push(ServerFrame::control_text(&Control::Snippets { rev }));
        }
    }
    frames
}

/// What the reading half remembers.
#[derive(Debug)]
pub(crate) struct Inbound<'a> {
    connection: &'a Connection,
    bad_frames: Pace,
    heartbeats: Pace,
    looks: Pace,
    /// Whether any frame could be read yet.
    spoken: bool,
    joined: bool,
}

/// The frame ends the connection.
type Judged = Result<(), Goodbye>;

impl<'a> Inbound<'a> {
    pub(crate) fn new(connection: &'a Connection) -> Self {
        Self {
            connection,
            bad_frames: Pace::default(),
            heartbeats: Pace::default(),
            looks: Pace::default(),
            spoken: false,
            joined: false,
        }
    }

    /// Reads until something ends the connection.
    pub(crate) async fn run(
        &mut self,
        mut source: impl Stream<Item = Result<Message, Error>> + Unpin,
    ) -> Goodbye {
        let opened = Instant::now();
        loop {
            let message = match timeout_at(self.deadline(opened), source.next()).await {
                // Gone without a word: nobody is there to read a close frame.
                Err(_) if self.spoken => return Goodbye::Cut,
                Err(_) => return Goodbye::close(close::MALFORMED, "no join"),
                Ok(None) => return Goodbye::Cut,
                Ok(Some(Err(error))) => return goodbye_for(&error),
                Ok(Some(Ok(message))) => message,
            };
            if let Err(goodbye) = self.message(message).await {
                return goodbye;
            }
        }
    }

    fn deadline(&self, opened: Instant) -> Instant {
        let limits = &self.connection.server.config.limits;
        let idle = Instant::now() + limits.idle;
        if self.spoken { idle } else { idle.min(opened + limits.first_frame) }
    }

    async fn message(&mut self, message: Message) -> Judged {
        match message {
            // What it needs is not kept while nobody says anything.
            Message::Text(text) => Box::pin(self.text(text.as_str())).await,
            Message::Binary(_) => self.bad(),
            Message::Close(frame) => Err(Goodbye::Theirs {
                code: frame.map_or(close::NO_CODE, |frame| frame.code.into()),
            }),
            // Any of these proves life; the reply to a ping is queued already.
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(()),
        }
    }

    async fn text(&mut self, text: &str) -> Judged {
        let Ok((token, frame)) = ClientFrame::decode(text) else {
            return self.bad();
        };
        let (server, seat) = (&self.connection.server, &self.connection.seat);
        if tokens::hash(token.expose()) != seat.token {
            return Err(Goodbye::token_refused());
        }
        server.probe.frame(self.connection.number, text, token.expose());
        self.spoken = true;
        match frame {
            ClientFrame::Heartbeat => self.heartbeat(),
            ClientFrame::Join(join) => self.join(join).await,
            ClientFrame::Send(message) => self.send(message).await,
            ClientFrame::Look(topic, look) => self.look(&topic, look).await,
        }
    }

    /// A frame that means nothing: counted, answered, and too many of them are the end.
    fn bad(&mut self) -> Judged {
        let server = &self.connection.server;
        server.probe.bad_frame(self.connection.number);
        if self.bad_frames.take(server.config.limits.bad_frames, Instant::now()).is_err() {
            tracing::warn!(connection = self.connection.number, "too many bad frames");
            return Err(Goodbye::close(close::MALFORMED, "too many frames that mean nothing"));
        }
        self.connection.outlet.say(ServerFrame::notice_text(400, "not understood").into());
        Ok(())
    }

    fn heartbeat(&mut self) -> Judged {
        let server = &self.connection.server;
        server.probe.heartbeat(self.connection.number);
        if let Err(wait) = self.heartbeats.take(server.config.limits.heartbeats, Instant::now()) {
            return Err(Goodbye::close(
                close::TOO_FAST,
                close::CloseReason::retry_text(millis(wait)),
            ));
        }
        if server.config.answer_heartbeats {
            let reply = if server.offers(Extension::Heartbeat) {
                let now = server.hall.clock.now().as_millisecond();
                ServerFrame::control_text(&Control::Heartbeat {
                    time_ms: u64::try_from(now).unwrap_or(0),
                })
            } else {
                ServerFrame::notice_text(200, "pong")
            };
            self.connection.outlet.say(reply.into());
        }
        Ok(())
    }

    fn own_room(&self, topic: &Topic) -> Judged {
        if topic == self.connection.seat.room.topic() {
            return Ok(());
        }
        Err(Goodbye::close(close::NOT_ALLOWED, "the token is for another room"))
    }

    async fn join(&mut self, join: Join) -> Judged {
        self.own_room(&join.topic)?;
        let connection = self.connection;
        Metrics::add(&connection.server.hall.store.metrics().joins, 1);
        let again = std::mem::replace(&mut self.joined, true);
        let who = &connection.seat.identity;
        let sees = match join.triage && connection.server.offers(Extension::Triage) {
            false => Sees::Entries,
            true if who.role.at_desk() => Sees::Desk,
            true => Sees::Questions(who.user.clone()),
        };
        match join.resume.filter(|_| connection.server.offers(Extension::Resume)) {
            // Waits while the writing half serves the one before; the writing half ends only with the connection.
            Some(resume) => {
                connection.outlet.resume(Resumed { resume, sees }).await;
                Ok(())
            }
            // Joining twice is not being told everything twice.
            None if again => Ok(()),
            // At once, and not by way of the writing half: a send right behind it must find its sender listening.
            None => {
                let outlet = connection.outlet.clone();
                let (room, number) = (&connection.seat.room, connection.number);
                let desk = sees.clone();
                let (.., change) = room.subscribe(number, FIRST_SUBSCRIPTION, outlet, sees);
                for frame in desk_frames(room, &desk, change) {
                    connection.outlet.say(frame.into());
                }
                Ok(())
            }
        }
    }

    /// Staff have a question before them. Whoever says so too often is not heard, and loses nothing by it.
    async fn look(&mut self, topic: &Topic, look: Look) -> Judged {
        self.own_room(topic)?;
        let Connection { server, seat, number, .. } = self.connection;
        // What is kept of it and told to others is ours to name, or short.
        let known = look.question.as_ref().is_none_or(|id| seat.room.place_of(id).is_some());
        let fits = known && look.device.len() <= TAG_BYTES;
        if !server.offers(Extension::Triage) || !seat.identity.role.at_desk() || !fits {
            return Ok(());
        }
        if self.looks.take(Some(LOOKS), Instant::now()).is_err() {
            return Ok(());
        }
        seat.room.looked(*number, &seat.identity, look.clone());
        let user = seat.identity.user.clone();
        if let Err(error) = server.hall.renew_claim(&seat.room, user, &look).await {
            tracing::error!(%error, "a claim could not be renewed");
        }
        Ok(())
    }

    async fn send(&mut self, message: OutgoingMessage) -> Judged {
        self.own_room(&message.topic)?;
        let (server, seat) = (&self.connection.server, &self.connection.seat);
        let asked_nonce = message.nonce.clone().filter(|_| server.offers(Extension::Ack));
        let admitted = match seat.in_stream(&message.stream) {
            Ok(()) => server.admit(seat, &message.content, message.nonce).await,
            Err(refusal) => Err(refusal),
        };
        let nonce = match admitted {
            Ok(nonce) => nonce,
            Err(refusal) => {
                self.refuse(refusal, asked_nonce);
                return Ok(());
            }
        };
        let who = &seat.identity;
        let waits = server.reviews(seat, &message.content, EntryKind::Message);
        let outlet = self.connection.outlet.clone();
        let reply = nonce.clone().map_or(Reply::Nobody, |nonce| Reply::Socket(outlet, nonce));
        // Who says it and when is known better here than there.
        let draft = Draft::by(who, EntryKind::Message, message.content, nonce);
        if waits {
            self.keep(draft).await;
            return Ok(());
        }
        let append = Append { room: seat.room.clone(), drafts: vec![draft], reply };
        // Waits when the disk is behind: the client's own TCP connection then makes it wait too.
        let sent = server.hall.store.writes().send(Write::Append(append)).await;
        if let Err(mpsc::error::SendError(Write::Append(append))) = sent {
            let nonce = match append.reply {
                Reply::Socket(_, nonce) => Some(nonce),
                Reply::Nobody | Reply::Caller(_) => None,
            };
            self.refuse(Refusal::Unavailable, nonce);
        }
        Ok(())
    }

    fn refuse(&self, refusal: Refusal, nonce: Option<Nonce>) {
        self.connection.server.hall.store.metrics().refused(refusal.word());
        let code = i64::from(refusal.status().as_u16());
        self.say_no(code, refusal.message(), refusal.retry_after(), nonce);
    }

    fn say_no(&self, code: i64, reason: &str, wait: Option<Duration>, nonce: Option<Nonce>) {
        // A nonce that is itself too long is not repeated.
        let nonce = nonce.filter(|nonce| nonce.as_str().len() <= 64);
        let text = match (nonce, wait) {
            (Some(nonce), _) => {
                let (reason, retry_ms) = (reason.to_owned(), wait.map(millis));
                ServerFrame::control_text(&Control::Nack {
                    nonce,
                    code,
                    reason,
                    retry_ms,
                    id: None,
                })
            }
            (None, Some(wait)) => {
                let seconds = wait.as_millis().div_ceil(1000);
                ServerFrame::notice_text(code, &format!("{reason}: wait {seconds} s"))
            }
            (None, None) => ServerFrame::notice_text(code, reason),
        };
        self.connection.outlet.say(text.into());
    }

    /// Taken, under the name that its item has.
    fn held(&self, id: Option<EntryId>, nonce: Option<Nonce>) {
        let (code, reason) = (HELD, "it waits for review");
        let text = match nonce {
            Some(nonce) => {
                let (reason, retry_ms) = (reason.to_owned(), None);
                ServerFrame::control_text(&Control::Nack { nonce, code, reason, retry_ms, id })
            }
            None => ServerFrame::notice_text(code, reason),
        };
        self.connection.outlet.say(text.into());
    }

    /// Keeps a message for review; its sender is told that nobody sees it yet.
    async fn keep(&self, draft: Draft) {
        let nonce = draft.nonce.clone();
        let Connection { server, seat, .. } = self.connection;
        match review::keep(server, seat, draft).await {
            // Approved meanwhile: the same send again is acknowledged like any other.
            Ok(Stored { review: None, id, seq }) => {
                if let Some(nonce) = nonce {
                    let ack = Control::Ack { nonce, id, seq };
                    self.connection.outlet.say(ServerFrame::control_text(&ack).into());
                }
            }
            Ok(Stored { id, .. }) => self.held(id, nonce),
            Err(refusal) => self.refuse(refusal, nonce),
        }
    }
}

/// Taken, and not shown yet.
const HELD: i64 = 202;

fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}
