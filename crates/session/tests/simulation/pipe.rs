//! A connection in memory that breaks as real ones do: late, in slices, half open, cut at a byte, reset.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// What the kernels of both ends hold before a write waits.
const BUFFER: usize = 64 * 1024;

/// The weather in one direction of a member's path; all its connections share it.
#[derive(Clone, Debug)]
pub struct Flow {
    pub least: Duration,
    pub most: Duration,
    /// Nothing arrives; what is sent waits.
    pub held: bool,
    /// At most so many bytes a read.
    pub slice: usize,
    /// Bytes a second.
    pub rate: Option<u64>,
}

impl Default for Flow {
    fn default() -> Self {
        let (least, most) = (Duration::from_millis(10), Duration::from_millis(40));
        Self { least, most, held: false, slice: usize::MAX, rate: None }
    }
}

/// How a connection ends at a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Reset,
    Fin,
    /// Nothing arrives any more, and nobody says so.
    Mute,
}

/// Where one connection breaks, counted in bytes that arrived.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    pub up: bool,
    pub at: u64,
    pub how: How,
}

enum Piece {
    Bytes(Vec<u8>, usize),
    Fin,
}

struct Lane {
    flow: Arc<Mutex<Flow>>,
    rng: StdRng,
    queue: VecDeque<(Instant, Piece)>,
    waiting: usize,
    arrived: u64,
    last_due: Instant,
    /// Under a rate: not before.
    next_read: Option<Instant>,
    fin_sent: bool,
    reader_gone: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
    cut_at: Option<(u64, How)>,
}

impl Lane {
    fn new(flow: &Arc<Mutex<Flow>>, seed: u64) -> Self {
        Self {
            flow: Arc::clone(flow),
            rng: StdRng::seed_from_u64(seed),
            queue: VecDeque::new(),
            waiting: 0,
            arrived: 0,
            last_due: Instant::now(),
            next_read: None,
            fin_sent: false,
            reader_gone: false,
            reader: None,
            writer: None,
            cut_at: None,
        }
    }

    fn push(&mut self, piece: Piece) {
        let flow = self.flow.lock().unwrap();
        let mut late = flow.least;
        if flow.most > flow.least {
            late += (flow.most - flow.least).mul_f64(self.rng.random_range(0.0..1.0));
        }
        let due = self.last_due.max(Instant::now() + late);
        self.last_due = due;
        self.queue.push_back((due, piece));
        wake(&mut self.reader);
    }

    fn wake(&mut self) {
        wake(&mut self.reader);
        wake(&mut self.writer);
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

/// Both directions of a connection.
pub struct Wire {
    up: Mutex<Lane>,
    down: Mutex<Lane>,
    state: Mutex<State>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Whole,
    Reset,
    Mute,
}

impl Wire {
    fn state(&self) -> State {
        *self.state.lock().unwrap()
    }

    /// Breaks it now.
    pub fn end(&self, how: How) {
        match how {
            How::Reset => *self.state.lock().unwrap() = State::Reset,
            How::Mute => *self.state.lock().unwrap() = State::Mute,
            How::Fin => {
                for lane in [&self.up, &self.down] {
                    let mut lane = lane.lock().unwrap();
                    lane.queue.clear();
                    lane.waiting = 0;
                    lane.fin_sent = true;
                    lane.push(Piece::Fin);
                }
            }
        }
        self.wake();
    }

    /// Looks again at a weather that has changed.
    pub fn wake(&self) {
        self.up.lock().unwrap().wake();
        self.down.lock().unwrap().wake();
    }

    /// It will not break at any byte.
    pub fn spare(&self) {
        for lane in [&self.up, &self.down] {
            lane.lock().unwrap().cut_at = None;
        }
    }

    /// Breaks it so many bytes from now.
    pub fn cut(&self, cut: Cut) {
        let lane = if cut.up { &self.up } else { &self.down };
        let mut lane = lane.lock().unwrap();
        lane.cut_at = Some((lane.arrived + cut.at, cut.how));
    }
}

/// One end of a connection.
pub struct End {
    wire: Arc<Wire>,
    client: bool,
    timer: Option<Pin<Box<Sleep>>>,
    /// When the last byte came out here.
    heard: Arc<Mutex<Option<Instant>>>,
}

/// The client's end, the server's end, and a handle on what is between them.
pub fn connect(
    up: &Arc<Mutex<Flow>>,
    down: &Arc<Mutex<Flow>>,
    seed: u64,
    heard: Arc<Mutex<Option<Instant>>>,
) -> (End, End, Arc<Wire>) {
    let wire = Arc::new(Wire {
        up: Mutex::new(Lane::new(up, seed)),
        down: Mutex::new(Lane::new(down, seed ^ 0x5eed)),
        state: Mutex::new(State::Whole),
    });
    let end = |client, heard| End { wire: Arc::clone(&wire), client, timer: None, heard };
    (end(true, heard), end(false, Arc::default()), wire)
}

impl End {
    fn inward(&self) -> &Mutex<Lane> {
        if self.client { &self.wire.down } else { &self.wire.up }
    }

    fn outward(&self) -> &Mutex<Lane> {
        if self.client { &self.wire.up } else { &self.wire.down }
    }

    fn fin(&self) {
        let mut lane = self.outward().lock().unwrap();
        if !lane.fin_sent {
            lane.fin_sent = true;
            lane.push(Piece::Fin);
        }
    }

    /// What can be read now; or when to look again.
    fn take(&self, cx: &Context<'_>, buf: &mut ReadBuf<'_>) -> Taken {
        let mut lane = self.inward().lock().unwrap();
        let flow = lane.flow.lock().unwrap().clone();
        lane.reader = Some(cx.waker().clone());
        if flow.held {
            return Taken::Nothing;
        }
        let cut = lane.cut_at;
        let left = cut.map_or(u64::MAX, |(at, _)| at.saturating_sub(lane.arrived));
        if let Some((_, how)) = cut.filter(|_| left == 0) {
            lane.cut_at = None;
            return Taken::Cut(how);
        }
        let lane_next = lane.next_read;
        let Some((due, piece)) = lane.queue.front_mut() else { return Taken::Nothing };
        let due = (*due).max(flow.rate.and(lane_next).unwrap_or(*due));
        if due > Instant::now() {
            return Taken::Later(due);
        }
        let Piece::Bytes(bytes, read) = piece else { return Taken::Fin };
        let slice = flow.rate.map_or(flow.slice, |rate| (rate / 10) as usize);
        let most = buf.remaining().min(bytes.len() - *read).min(slice);
        let count = most.min(usize::try_from(left).unwrap_or(usize::MAX));
        buf.put_slice(&bytes[*read..*read + count]);
        *read += count;
        if *read == bytes.len() {
            lane.queue.pop_front();
        }
        lane.waiting -= count;
        lane.arrived += count as u64;
        let pace = |rate| Instant::now() + Duration::from_secs_f64(count as f64 / rate as f64);
        lane.next_read = flow.rate.map(pace);
        wake(&mut lane.writer);
        Taken::Some
    }
}

enum Taken {
    Some,
    Nothing,
    Later(Instant),
    Fin,
    Cut(How),
}

impl AsyncRead for End {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            match self.wire.state() {
                State::Reset => return Poll::Ready(Err(ErrorKind::ConnectionReset.into())),
                State::Mute => {
                    self.inward().lock().unwrap().reader = Some(cx.waker().clone());
                    return Poll::Pending;
                }
                State::Whole => {}
            }
            match self.take(cx, buf) {
                Taken::Some => {
                    *self.heard.lock().unwrap() = Some(Instant::now());
                    return Poll::Ready(Ok(()));
                }
                Taken::Nothing => return Poll::Pending,
                Taken::Fin => return Poll::Ready(Ok(())),
                Taken::Cut(how) => self.wire.end(how),
                Taken::Later(due) => {
                    let mut timer = Box::pin(sleep_until(due));
                    let rung = timer.as_mut().poll(cx);
                    self.timer = Some(timer);
                    if rung.is_pending() {
                        return Poll::Pending;
                    }
                }
            }
        }
    }
}

impl AsyncWrite for End {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.wire.state() == State::Reset {
            return Poll::Ready(Err(ErrorKind::ConnectionReset.into()));
        }
        let held = self.inward().lock().unwrap().flow.lock().unwrap().held;
        let mut lane = self.outward().lock().unwrap();
        if lane.fin_sent || (lane.reader_gone && !held) {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        if lane.waiting >= BUFFER {
            lane.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = buf.len().min(BUFFER - lane.waiting);
        lane.waiting += count;
        lane.push(Piece::Bytes(buf[..count].to_vec(), 0));
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.fin();
        Poll::Ready(Ok(()))
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.fin();
        let mut lane = self.inward().lock().unwrap();
        lane.reader_gone = true;
        wake(&mut lane.writer);
    }
}
