//! The body of a request on its way: until all of it is here, its connection has a place that another may take.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::sleep;

use crate::crowd::Place;

/// A body that is not waited for any more.
#[derive(Debug, thiserror::Error)]
#[error("the body did not arrive")]
struct Late;

struct Arriving {
    body: Incoming,
    place: Arc<Place>,
    given_up: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// The body of a request that has begun. Once it is whole, its place is kept until the answer.
pub(crate) fn arriving(body: Incoming, place: &Arc<Place>, deadline: Duration) -> Body {
    if hyper::body::Body::is_end_stream(&body) {
        place.asks();
        return Body::empty();
    }
    let dismissed = place.dismissed();
    let given_up = async move {
        tokio::select! {
            () = dismissed.cancelled() => {}
            () = sleep(deadline) => {}
        }
    };
    Body::new(Arriving { body, place: place.clone(), given_up: Box::pin(given_up) })
}

impl hyper::body::Body for Arriving {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) else {
            ready!(self.given_up.as_mut().poll(cx));
            return Poll::Ready(Some(Err(Late.into())));
        };
        if frame.is_none() || self.body.is_end_stream() {
            self.place.asks();
        }
        Poll::Ready(frame.map(|frame| frame.map_err(BoxError::from)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
