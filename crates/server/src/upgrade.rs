//! From a request to a socket: every refusal comes before the 101.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use aside_protocol::limits::FRAME_BYTES;
use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_TYPE, SEC_WEBSOCKET_PROTOCOL};
use axum::response::Response;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_util::either::Either;

use crate::accept::{AnyStream, Stream};
use crate::connection::{self, Connection, Socket};
use crate::gate::{self, Seat};
use crate::metrics::Metrics;
use crate::outlet::{Goodbye, Outlet};
use crate::page;
use crate::pen::SharedStream;
use crate::refusal::Refusal;
use crate::routes::Server;
use crate::sockets::{Full, OpenSocket, Seated};

/// Where a request came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// A user with too many sockets: by then the dead ones among them have been reaped.
const FULL_RETRY: Duration = Duration::from_secs(10);

/// Most sockets are idle, and a buffer to read into is there always: most frames fit, for a larger one it grows.
const READ_BUFFER: usize = 1024;

/// What is written is gathered up to here; the buffer grows with what was in it at once.
const WRITE_BUFFER: usize = 4 * 1024;

/// More than one frame at a time is never queued inside tungstenite; this only has to be larger than any frame.
const SOCKET_WRITE_MOST: usize = 1024 * 1024;

pub(crate) async fn upgrade(
    State(server): State<Arc<Server>>,
    Extension(Peer(address)): Extension<Peer>,
    mut request: Request,
) -> Result<Response, Refusal> {
    let limits = &server.config.limits;
    let now = Instant::now();
    if server.is_draining() {
        return Err(Refusal::Draining);
    }
    let seat =
        gate::seat(&server.hall, request.headers()).await.map_err(|refusal| match refusal {
            Refusal::Token => match server.strangers.take(address, limits.strangers, now) {
                Ok(()) => Refusal::Token,
                Err(wait) => Refusal::TooFast(wait),
            },
            other => other,
        })?;
    keeps_up(&server, &seat)?;
    let name = (seat.room.key(), seat.identity.user.clone());
    server.connects.take(name, limits.connects, now).map_err(Refusal::TooFast)?;
    let mut response =
        create_response_with_body(&request, Body::empty).map_err(|_| Refusal::NotAHandshake)?;
    if page::wants_protocol(request.headers()) {
        let agreed = HeaderValue::from_static(page::PROTOCOL);
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, agreed);
    }
    let (outlet, waiting) = Outlet::new(limits.queue_frames, limits.queue_bytes);
    let socket = OpenSocket {
        token: seat.token,
        expires: seat.expires,
        room: seat.room.key(),
        user: seat.identity.user.clone(),
        role: seat.identity.role,
        outlet: outlet.clone(),
    };
    let seated = server.hall.sockets.admit(socket, limits)?;
    gate::still_holds(&server.hall, &seat).await?;
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    Metrics::add(&server.hall.store.metrics().opened, 1);
    server.probe.opened(seated.number(), &seat.identity.user, content_type);
    let upgraded = hyper::upgrade::on(&mut request);
    let connection = Connection { server: server.clone(), seat, outlet, number: seated.number() };
    server.tasks.spawn(serve(Box::new(connection), waiting, upgraded, seated));
    Ok(response)
}

impl From<Full> for Refusal {
    fn from(full: Full) -> Self {
        match full {
            Full::User => Self::TooFast(FULL_RETRY),
            Full::Server => Self::Busy,
        }
    }
}

/// While the disk is behind, those inside come first.
fn keeps_up(server: &Server, seat: &Seat) -> Result<(), Refusal> {
    let behind = server.hall.store.is_behind() && !seat.identity.role.at_desk();
    if behind { Err(Refusal::Busy) } else { Ok(()) }
}

/// Whether a socket would be taken now, for those who are not told why theirs was not.
pub(crate) fn would_open(server: &Server, seat: &Seat) -> Result<(), Refusal> {
    if server.is_draining() {
        return Err(Refusal::Draining);
    }
    keeps_up(server, seat)?;
    let who = &seat.identity;
    let fits =
        server.hall.sockets.fits(seat.room.key(), &who.user, who.role, &server.config.limits);
    Ok(fits?)
}

/// What it is handed in boxes would be there twice while a socket is open: as it was handed over, and as it is used.
async fn serve(
    connection: Box<Connection>,
    waiting: crate::outlet::Waiting,
    upgraded: OnUpgrade,
    seated: Seated,
) {
    let metrics = connection.server.hall.store.metrics();
    let code = match upgraded.await {
        Ok(upgraded) => match Box::pin(open(upgraded, &connection.outlet)).await {
            Some(socket) => {
                let goodbye = Box::pin(connection::run(&connection, waiting, socket)).await;
                if goodbye == Goodbye::too_slow() {
                    Metrics::add(&metrics.slow_readers, 1);
                }
                goodbye.code()
            }
            None => aside_protocol::close::ABNORMAL,
        },
        Err(_) => aside_protocol::close::ABNORMAL,
    };
    metrics.closed(code);
    connection.server.probe.closed(seated.number(), code);
    tracing::info!(
        connection = seated.number(),
        room = connection.seat.room.topic().as_str(),
        user = connection.seat.identity.user.as_str(),
        code,
        "socket closed"
    );
}

/// Takes the stream out of hyper's hands, with what the client sent before it saw the 101.
async fn open(upgraded: Upgraded, outlet: &Outlet) -> Option<Box<Socket>> {
    let parts = upgraded.downcast::<TokioIo<AnyStream>>().ok()?;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(SOCKET_WRITE_MOST)
        .max_message_size(Some(FRAME_BYTES))
        .max_frame_size(Some(FRAME_BYTES));
    let (stream, early): (Box<dyn Stream>, _) = match parts.io.into_inner() {
        Either::Left(tcp) => {
            (Box::new(SharedStream::new(tcp, outlet.clone())), parts.read_buf.to_vec())
        }
        Either::Right(other) => (other, parts.read_buf.to_vec()),
    };
    let socket = WebSocketStream::from_partially_read(stream, early, Role::Server, Some(config));
    Some(Box::new(socket.await))
}

#[cfg(test)]
mod conformance;
