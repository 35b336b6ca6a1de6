//! The accept loop: TCP connections, their HTTP deadlines, and their end. What is served may be any stream of bytes.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::arriving::arriving;
use crate::config::Limits;
use crate::crowd::{Crowd, Place};
use crate::upgrade::Peer;

/// The largest head of a request.
const HEAD_BYTES: usize = 16 * 1024;

/// Out of file descriptors, most likely: nothing gets better by asking at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// So long a connection that gives way may still write what it was asked for.
const PARTING: Duration = Duration::from_secs(1);

/// Accepts until it is stopped. At the limit, one newcomer waits here, and the others in the kernel's backlog.
pub(crate) async fn accept(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    stop: CancellationToken,
    connections: TaskTracker,
) {
    let crowd = Crowd::new(limits.connections);
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            accepted = next(&listener, &crowd) => accepted,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let (router, stop, deadline) = (router.clone(), stop.clone(), limits.request_head);
        connections.spawn(serve(stream, peer, place, router, deadline, stop));
    }
}

/// A stream of bytes that a client is at the other end of.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for T {}

/// The one type that hyper hands back after an upgrade.
pub(crate) type AnyStream = Either<TcpStream, Box<dyn Stream>>;

type Accepted = (AnyStream, SocketAddr, Place);

async fn next(listener: &TcpListener, crowd: &Arc<Crowd>) -> Option<Accepted> {
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Small frames must not wait for the acknowledgement of the one before.
            stream.set_nodelay(true).ok()?;
            Some((Either::Left(stream), peer, crowd.place().await?))
        }
        Err(error) => {
            tracing::warn!(%error, "accept failed");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// Serves the HTTP of one connection; a socket leaves it at its upgrade.
pub(crate) async fn serve(
    stream: AnyStream,
    peer: SocketAddr,
    place: Place,
    router: Router,
    deadline: Duration,
    stop: CancellationToken,
) {
    let inner = TowerToHyperService::new(router);
    let (dismissed, place) = (place.dismissed(), Arc::new(place));
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(|body| arriving(body, &place, deadline));
        request.extensions_mut().insert(Peer(peer.ip()));
        let place = place.clone();
        let answer = inner.call(request);
        async move {
            let answer = answer.await;
            // What becomes a socket waits for no request.
            if !matches!(&answer, Ok(answer) if answer.status() == StatusCode::SWITCHING_PROTOCOLS)
            {
                place.rests();
            }
            answer
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(deadline)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let served = tokio::select! {
        biased;
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = dismissed.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let Ok(served) = timeout(PARTING, connection).await else { return };
            served
        }
        served = connection.as_mut() => served,
    };
    if let Err(error) = served {
        log_http(&error);
    }
}

fn log_http(error: &hyper::Error) {
    let source =
        std::error::Error::source(error).and_then(|source| source.downcast_ref::<io::Error>());
    tracing::debug!(%error, io = source.map(|error| tracing::field::display(error.kind())), "connection failed");
}
