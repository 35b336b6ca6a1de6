//! The connection to NATS: messages go out once, and come in in order.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{self, RawMessageErrorKind, StorageType};
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions, Event, HeaderMap, ServerAddr};
use futures_util::{FutureExt, StreamExt};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::bytes::Bytes;

use crate::log::{LogError, LogPlace};
use crate::metrics::Metrics;

/// Between two tries of something that failed.
pub(super) const REST: Duration = Duration::from_millis(200);

/// How long one try waits for the log's word.
const ONE_TRY: Duration = Duration::from_secs(1);

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

/// A link that is half open is found so soon.
const PING_EVERY: Duration = Duration::from_secs(5);

/// JetStream forgets names after so long. Nothing here needs them that long: a message says after which it comes.
const NAMES: Duration = Duration::from_secs(120);

/// The name of a message, by which a repeat is known.
const NAME: &str = "Nats-Msg-Id";

/// Which form of the database a message is for.
const FORM: &str = "Aside-Form";

/// Stands in the first message of a log that began with a database.
const BEGINS: &str = "Aside-Begins";

/// A message of the log.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) seq: u64,
    pub(super) name: String,
    pub(super) version: u64,
    pub(super) begins: bool,
    pub(super) changes: Bytes,
}

/// A message to be.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) name: String,
    after: u64,
    headers: HeaderMap,
    changes: Bytes,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Published {
    /// It is in the log, right after what it was to follow.
    Stored,
    /// It is not: something else is there.
    Overtaken,
    /// It is not: the log is away.
    Refused,
    /// The log did not say.
    Unsure,
    /// It never can be.
    TooLarge,
}

/// The ends of the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail {
    pub(super) first: u64,
    pub(super) last: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    up: bool,
    /// Counts the connections.
    connection: u64,
}

pub(super) struct Link {
    client: Client,
    context: Context,
    stream: stream::Stream,
    subject: String,
    standing: watch::Receiver<Standing>,
    messages: Option<pull::Ordered>,
    /// The connection on which they come.
    subscribed_on: u64,
}

impl Link {
    /// Connects; makes the stream if there is none.
    pub(super) async fn open(place: &LogPlace, metrics: Arc<Metrics>) -> Result<Self, LogError> {
        let unreachable = |error: async_nats::Error| LogError::Unreachable(error);
        let (mut servers, mut options) = (Vec::<ServerAddr>::new(), ConnectOptions::new());
        for url in place.url.split(',') {
            let (url, secret) = apart(url.trim());
            let server = url.parse();
            servers.push(server.map_err(|error: std::io::Error| unreachable(error.into()))?);
            options = match secret.map(|secret| secret.split_once(':').ok_or(secret)) {
                Some(Ok((user, word))) => options.user_and_password(user.into(), word.into()),
                Some(Err(token)) => options.token(token.into()),
                None => options,
            };
        }
        let (stands, standing) = watch::channel(Standing { up: true, connection: 1 });
        let options = options
            .name("aside-server")
            .connection_timeout(CONNECT)
            .ping_interval(PING_EVERY)
            .reconnect_delay_callback(|tries| {
                (REST * u32::try_from(tries).unwrap_or(u32::MAX).min(5)).max(REST)
            })
            .event_callback(move |event| {
                let (stands, metrics) = (stands.clone(), metrics.clone());
                async move { heed(&stands, &metrics, &event) }
            });
        let client = options.connect(servers).await.map_err(|error| unreachable(error.into()))?;
        let mut context = jetstream::new(client.clone());
        context.set_timeout(ONE_TRY * 2);
        let subject = place.stream.clone();
        let config = stream::Config {
            name: place.stream.clone(),
            subjects: vec![subject.clone()],
            storage: StorageType::File,
            num_replicas: place.replicas,
            duplicate_window: NAMES,
            deny_delete: true,
            ..stream::Config::default()
        };
        let stream = context.get_or_create_stream(config).await;
        let stream = stream.map_err(|error| unreachable(error.into()))?;
        Ok(Self { client, context, stream, subject, standing, messages: None, subscribed_on: 0 })
    }

    /// Whether there is a connection.
    pub(super) fn is_up(&self) -> bool {
        self.standing.borrow().up
    }

    /// Which connection it is.
    pub(super) fn connection(&self) -> u64 {
        self.standing.borrow().connection
    }

    /// Waits for a connection that is not this one. May be given up at any time.
    pub(super) fn another(&self, connection: u64) -> impl Future<Output = ()> + use<> {
        let mut standing = self.standing.clone();
        async move {
            let another = |now: &Standing| now.up && now.connection != connection;
            // Ends only with the connection, which this has.
            let _ = standing.wait_for(another).await;
        }
    }

    /// A message that is to follow another one.
    pub(super) fn compose(
        &self,
        after: u64,
        version: u64,
        changes: String,
        begins: bool,
    ) -> Outgoing {
        let mut headers = HeaderMap::new();
        headers.insert(FORM, version.to_string());
        if begins {
            headers.insert(BEGINS, "1");
        }
        let name = uuid::Uuid::new_v4().simple().to_string();
        Outgoing { name, after, headers, changes: changes.into() }
    }

    /// Puts a message into the log, once, at the one place where it may stand. Asks again while the answer is not known.
    pub(super) async fn publish(&self, message: &Outgoing, until: Instant) -> Published {
        let mut sent = false;
        loop {
            if !sent && !self.is_up() {
                return Published::Refused;
            }
            match timeout(ONE_TRY, self.publish_once(message)).await {
                Ok(Ok(seq)) if seq == message.after + 1 => return Published::Stored,
                Ok(Ok(_)) => return Published::Unsure,
                Ok(Err(PublishErrorKind::WrongLastSequence)) if !sent => {
                    return Published::Overtaken;
                }
                // Perhaps by its own first try.
                Ok(Err(PublishErrorKind::WrongLastSequence)) => {
                    match timeout(ONE_TRY, self.name_at(message.after + 1)).await {
                        Ok(Ok(Some(name))) if name == message.name => return Published::Stored,
                        Ok(Ok(Some(_))) => return Published::Overtaken,
                        Ok(Ok(None) | Err(_)) | Err(_) => {}
                    }
                }
                Ok(Err(PublishErrorKind::MaxPayloadExceeded)) => return Published::TooLarge,
                // Nobody keeps the stream now, so nobody took it.
                Ok(Err(PublishErrorKind::StreamNotFound)) if !sent => return Published::Refused,
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the log did not take a message");
                    sent = true;
                }
                Err(_) => {
                    // A link that says nothing is half open.
                    if sent && self.is_up() {
                        let _ = self.client.force_reconnect().await;
                    }
                    sent = true;
                }
            }
            if Instant::now() >= until {
                return Published::Unsure;
            }
            sleep(REST).await;
        }
    }

    async fn publish_once(&self, message: &Outgoing) -> Result<u64, PublishErrorKind> {
        let publish = PublishMessage::build()
            .headers(message.headers.clone())
            .payload(message.changes.clone())
            .message_id(&message.name)
            .expected_last_sequence(message.after);
        let ack = self.context.send_publish(self.subject.clone(), publish).await;
        let ack = ack.map_err(|error| error.kind())?.await;
        Ok(ack.map_err(|error| error.kind())?.sequence)
    }

    pub(super) async fn tail(&self) -> Result<Tail, LogError> {
        let info = self.stream.get_info().await;
        let state = info.map_err(|error| LogError::Unreachable(error.into()))?.state;
        Ok(Tail { first: state.first_sequence, last: state.last_sequence })
    }

    /// The name of the message at a place, as the stream's leader knows it.
    pub(super) async fn name_at(&self, seq: u64) -> Result<Option<String>, LogError> {
        match self.stream.get_raw_message(seq).await {
            Ok(message) => Ok(message.headers.get(NAME).map(|name| name.as_str().to_owned())),
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(LogError::Unreachable(error.into())),
        }
    }

    /// Whether nothing is heard, although there is a connection.
    pub(super) fn is_deaf(&self) -> bool {
        let Standing { up, connection } = *self.standing.borrow();
        up && (self.messages.is_none() || self.subscribed_on != connection)
    }

    /// From now on, what comes after a place is heard; false if that is not to be had now.
    pub(super) async fn listen(&mut self, after: u64) -> bool {
        let connection = self.connection();
        let config = pull::OrderedConfig {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: after + 1 },
            ..pull::OrderedConfig::default()
        };
        let messages =
            async { self.stream.create_consumer(config).await.ok()?.messages().await.ok() };
        self.messages = timeout(ONE_TRY, messages).await.ok().flatten();
        self.subscribed_on = connection;
        self.messages.is_some()
    }

    /// The message after a place, as soon as there is one. May be given up at any time.
    pub(super) async fn hear(&mut self, after: u64) -> Message {
        loop {
            let standing = *self.standing.borrow_and_update();
            if !standing.up {
                // Ends only with the connection, which this has.
                let _ = self.standing.changed().await;
                continue;
            }
            if self.is_deaf() && !self.listen(after).await {
                sleep(REST).await;
                continue;
            }
            let Some(messages) = &mut self.messages else { continue };
            let next = tokio::select! {
                biased;
                _ = self.standing.changed() => continue,
                next = messages.next() => next,
            };
            if let Some(message) = self.expected(after, next) {
                return message;
            }
        }
    }

    /// The message after a place, if it has arrived.
    pub(super) async fn heard(&mut self, after: u64) -> Option<Message> {
        // What has arrived at the socket is read first.
        tokio::task::yield_now().await;
        loop {
            let next = self.messages.as_mut()?.next().now_or_never()?;
            if let Some(message) = self.expected(after, next) {
                return Some(message);
            }
        }
    }

    /// What comes is to be brought once more.
    pub(super) fn hear_again(&mut self) {
        self.messages = None;
    }

    fn expected(
        &mut self,
        after: u64,
        next: Option<Result<jetstream::Message, pull::OrderedError>>,
    ) -> Option<Message> {
        let Some(Ok(message)) = next else {
            self.messages = None;
            return None;
        };
        let seq = message.info().map_or(0, |info| info.stream_sequence);
        if seq <= after {
            return None;
        }
        if seq > after + 1 {
            self.messages = None;
            return None;
        }
        let header = |name: &str| {
            let value = message.headers.as_ref().and_then(|headers| headers.get(name));
            value.map(|value| value.as_str().to_owned())
        };
        Some(Message {
            seq,
            name: header(NAME).unwrap_or_default(),
            version: header(FORM).and_then(|form| form.parse().ok()).unwrap_or(u64::MAX),
            begins: header(BEGINS).is_some(),
            changes: message.payload.clone(),
        })
    }
}

/// An address, and what stands before its host, which the client would write into logs.
fn apart(url: &str) -> (String, Option<&str>) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("nats", url));
    match rest.rsplit_once('@') {
        Some((secret, host)) => (format!("{scheme}://{host}"), Some(secret)),
        None => (format!("{scheme}://{rest}"), None),
    }
}

fn heed(stands: &watch::Sender<Standing>, metrics: &Metrics, event: &Event) {
    match event {
        Event::Connected => {
            tracing::info!("NATS is there");
            stands.send_modify(|standing| {
                standing.up = true;
                standing.connection += 1;
            });
            metrics.log_away.store(false, Ordering::Relaxed);
        }
        Event::Disconnected | Event::Closed => {
            tracing::warn!("NATS is away: nothing can be written");
            stands.send_modify(|standing| standing.up = false);
            metrics.log_away.store(true, Ordering::Relaxed);
        }
        other => tracing::warn!(%other, "NATS"),
    }
}
