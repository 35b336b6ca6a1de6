//! Many sockets of one server, whichever it is: each finds the stamps in what it is sent, wherever they stand in it.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use crate::hubs::Line;
use crate::room::now;

/// Before, between and after the two numbers of a stamp.
const MARK: &[u8; 2] = b"@@";
const NUMBER: usize = 8;
const TIME: usize = 19;
const STAMP: usize = 3 * MARK.len() + NUMBER + TIME;

/// A handshake, from the dial to the answer.
const ENTER: Duration = Duration::from_secs(30);
/// So many sockets are opened at the same time.
const AT_ONCE: usize = 64;
const BUFFER: usize = 4 * 1024;

/// What is said under a number, and when.
pub(crate) fn stamp(number: u32) -> String {
    format!("@@{number:08}@@{:019}@@", now())
}

/// What one socket has heard.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// The numbers of the first stamp and of the one that must come next.
    pub(crate) first: u32,
    pub(crate) next: u32,
    /// Stamps that were lost, doubled or moved.
    pub(crate) wrong: u64,
    /// From the writing of each to its arrival, in milliseconds.
    pub(crate) delays: Vec<f32>,
}

impl Heard {
    fn take(&mut self, number: u32, said: u64) {
        if self.delays.is_empty() {
            self.first = number;
        } else if number != self.next {
            self.wrong += 1;
        }
        self.next = number + 1;
        self.delays.push((now().saturating_sub(said) as f64 / 1e6) as f32);
    }
}

/// The stamps in a stream of bytes, however it is cut.
#[derive(Default)]
struct Scanner {
    /// The end of what came before, too short for a stamp.
    rest: Vec<u8>,
}

impl Scanner {
    fn scan(&mut self, bytes: &[u8], heard: &mut Heard) {
        self.rest.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(found) = self.rest[at..].windows(2).position(|two| two == MARK) {
            at += found;
            let Some(stamp) = self.rest.get(at..at + STAMP) else { break };
            let Some((number, said)) = read(stamp) else {
                at += 1;
                continue;
            };
            heard.take(number, said);
            at += STAMP;
        }
        // What is left may begin a stamp.
        let keep = at.max(self.rest.len().saturating_sub(STAMP - 1)).min(self.rest.len());
        self.rest.drain(..keep);
    }
}

fn read(stamp: &[u8]) -> Option<(u32, u64)> {
    let text = std::str::from_utf8(stamp).ok()?;
    let mut parts = text.strip_prefix("@@")?.strip_suffix("@@")?.split("@@");
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Sockets that listen until they are told to stop.
pub(crate) struct Crowd {
    sockets: Vec<JoinHandle<Result<Heard>>>,
    stop: watch::Sender<bool>,
}

impl Crowd {
    /// Opens so many sockets; each has had its answer.
    pub(crate) async fn gather(addr: SocketAddr, line: &Line, count: usize) -> Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let mut sockets = Vec::with_capacity(count);
        while sockets.len() < count {
            let few = AT_ONCE.min(count - sockets.len());
            let opening: Vec<_> =
                (0..few).map(|_| tokio::spawn(open(addr, line.clone()))).collect();
            for opened in opening {
                let stream = opened.await??;
                let sitting = sit(stream, line.clone(), sockets.len(), stopped.clone());
                sockets.push(tokio::spawn(sitting));
            }
        }
        Ok(Self { sockets, stop })
    }

    /// One that listens, and a way to speak on the same socket.
    pub(crate) async fn of_one(addr: SocketAddr, line: Line) -> Result<(Self, OwnedWriteHalf)> {
        let (stop, stopped) = watch::channel(false);
        let (read, write) = open(addr, line).await?.into_split();
        Ok((Self { sockets: vec![tokio::spawn(listen(read, stopped))], stop }, write))
    }

    /// What each has heard until now.
    pub(crate) async fn part(self) -> Result<Vec<Heard>> {
        self.stop.send_replace(true);
        let mut all = Vec::with_capacity(self.sockets.len());
        for socket in self.sockets {
            all.push(socket.await??);
        }
        Ok(all)
    }
}

/// A socket that was let in.
pub(crate) async fn open(addr: SocketAddr, line: Line) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(addr).await?;
    stream.set_nodelay(true)?;
    for (say, answer) in &line.opening {
        stream.write_all(say).await?;
        let mut told = Vec::new();
        let answered = async {
            let mut part = [0; 1024];
            while !told.windows(answer.len()).any(|some| some == answer.as_bytes()) {
                let read = stream.read(&mut part).await?;
                ensure!(read > 0, "closed: {}", String::from_utf8_lossy(&told));
                told.extend_from_slice(&part[..read]);
            }
            anyhow::Ok(())
        };
        timeout(ENTER, answered).await.with_context(|| format!("no {answer}"))??;
    }
    stream.write_all(&line.join).await?;
    Ok(stream)
}

/// Listens, and says now and then that it is there.
async fn sit(
    stream: TcpStream,
    line: Line,
    number: usize,
    stopped: watch::Receiver<bool>,
) -> Result<Heard> {
    let (read, mut write) = stream.into_split();
    let Some((every, beat)) = line.beat else { return listen(read, stopped).await };
    // Not all at the same moment.
    let first = Instant::now() + every.mul_f64((number % 97) as f64 / 97.0);
    let mut beats = interval_at(first, every);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let listening = listen(read, stopped);
    tokio::pin!(listening);
    loop {
        tokio::select! {
            biased;
            heard = &mut listening => return heard,
            _ = beats.tick() => write.write_all(&beat).await?,
        }
    }
}

async fn listen(mut read: OwnedReadHalf, mut stopped: watch::Receiver<bool>) -> Result<Heard> {
    let (mut heard, mut scanner) = (Heard::default(), Scanner::default());
    let mut buffer = vec![0; BUFFER];
    loop {
        tokio::select! {
            biased;
            _ = stopped.changed() => return Ok(heard),
            read = read.read(&mut buffer) => match read? {
                0 => anyhow::bail!("the server closed a socket"),
                read => scanner.scan(&buffer[..read], &mut heard),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_found_however_the_bytes_are_cut() {
        let text: String = (5..25).map(|number| format!("{{@@@ {}x@", stamp(number))).collect();
        for size in 1..90 {
            let (mut scanner, mut heard) = (Scanner::default(), Heard::default());
            text.as_bytes().chunks(size).for_each(|part| scanner.scan(part, &mut heard));
            assert_eq!((heard.first, heard.next, heard.wrong), (5, 25, 0), "{size}");
            assert_eq!(heard.delays.len(), 20);
        }
    }

    #[test]
    fn what_is_lost_doubled_or_moved_is_counted() {
        let wrong = |numbers: &[u32]| {
            let (mut scanner, mut heard) = (Scanner::default(), Heard::default());
            numbers.iter().for_each(|number| scanner.scan(stamp(*number).as_bytes(), &mut heard));
            heard.wrong
        };
        assert_eq!(wrong(&[3, 4, 5]), 0);
        assert_eq!([wrong(&[3, 5]), wrong(&[3, 3, 4]), wrong(&[3, 5, 4, 6])], [1, 1, 3]);
    }
}
