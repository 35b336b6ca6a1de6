//! What it costs a server to tell one thing to many, and how soon what it acknowledges is on disk.

use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::time::{Instant, sleep, sleep_until};

use super::Pace;
use crate::crowd::{Crowd, Heard, open, stamp};
use crate::hubs::{Hub, Line};
use crate::report::{Figure, Goal, quantile};
use crate::stage::Stage;

/// What is heard in a second, all together: so many lines for a thousand, and fewer for more.
const DELIVERIES: u32 = 50_000;
/// After the last line, so long until nobody waits any more.
const LAST: Duration = Duration::from_secs(5);
/// Lines that are said before anything is counted.
const WARM: u32 = 20;

struct Cost {
    name: &'static str,
    /// Of the server's processor time, in microseconds.
    a_delivery: f64,
    delays: Vec<f64>,
    /// In KiB.
    a_socket: f64,
}

/// Says numbered lines, so many a second, and hears nothing.
struct Speaker {
    write: OwnedWriteHalf,
    number: u32,
}

impl Speaker {
    async fn of(hub: &Hub) -> Result<Self> {
        let (mut read, write) = open(hub.addr, hub.speaker()).await?.into_split();
        // What it is sent must not stay in the way.
        tokio::spawn(async move {
            let mut buffer = vec![0; 1 << 16];
            while read.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
        });
        Ok(Self { write, number: 0 })
    }

    async fn say(&mut self, hub: &Hub, per_second: u32, count: u32) -> Result<()> {
        let begun = Instant::now();
        for line in 0..count {
            sleep_until(begun + Duration::from_secs(1) * line / per_second).await;
            self.number += 1;
            self.write.write_all(&hub.says(&stamp(self.number), false)?).await?;
        }
        Ok(())
    }
}

async fn tell(hub: Hub, sockets: u32, time: Duration) -> Result<Cost> {
    let empty = hub.program.tree.memory().uss;
    let crowd = Crowd::gather(hub.addr, &hub.line, sockets as usize).await?;
    let mut speaker = Speaker::of(&hub).await?;
    let per_second = DELIVERIES / sockets;
    // Who is in, and all that is built at the first line.
    speaker.say(&hub, per_second, WARM).await?;
    sleep(LAST).await;
    let full = hub.program.tree.memory().uss;
    let before = hub.program.tree.effort();
    let lines = per_second * u32::try_from(time.as_secs())?;
    speaker.say(&hub, per_second, lines).await?;
    sleep(LAST).await;
    let spent = hub.program.tree.effort().cpu_since(&before);
    let heard = crowd.part().await?;
    let wrong = heard.iter().filter(|one| !is_whole(one, WARM + lines)).count();
    ensure!(wrong == 0, "{}: {wrong} of {sockets} sockets have not heard all, once", hub.name);
    let delays = heard.iter().flat_map(|one| one.delays.iter().skip(WARM as usize));
    let cost = Cost {
        name: hub.name,
        a_delivery: spent.as_secs_f64() * 1e6 / f64::from(lines) / f64::from(sockets),
        delays: delays.map(|delay| f64::from(*delay)).collect(),
        a_socket: full.saturating_sub(empty) as f64 / f64::from(sockets),
    };
    println!(
        "{}, {sockets} sockets: {:.2} us a delivery, p99 {:.1} ms, {:.1} KiB a socket",
        cost.name,
        cost.a_delivery,
        quantile(&cost.delays, 0.99),
        cost.a_socket
    );
    hub.program.quit();
    Ok(cost)
}

/// Whether somebody heard each line once, in order.
fn is_whole(heard: &Heard, lines: u32) -> bool {
    heard.wrong == 0 && heard.first == 1 && heard.next == lines + 1
}

pub(crate) async fn fanout(stage: &Stage, pace: Pace) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    let crowds: &[u32] = if pace == Pace::Whole { &[1_000, 10_000] } else { &[1_000] };
    for &sockets in crowds {
        let time = pace.time(20);
        let ours = tell(Hub::aside(stage).await?, sockets, time).await?;
        let mut others = vec![tell(Hub::ws(stage).await?, sockets, time).await?];
        others.push(tell(Hub::redis(stage).await?, sockets, time).await?);
        others.push(tell(Hub::nats(stage).await?, sockets, time).await?);
        others.push(tell(Hub::socket_io(stage).await?, sockets, time).await?);
        let many = format!("fan-out to {sockets} sockets");
        for other in &others {
            let figure =
                Figure::new(15, format!("{many}: processor a delivery"), ours.a_delivery, "us")
                    .beside(other.name, other.a_delivery);
            figures.push(match other.name {
                "npm ws" => figure.must(Goal::Times(1.0)),
                // It keeps nothing, and is no peer that one must beat.
                "redis-server" => figure.moonshot(Goal::Times(0.7)),
                _ => figure,
            });
        }
        let p99 = |cost: &Cost| quantile(&cost.delays, 0.99);
        for other in &others {
            let figure =
                Figure::new(15, format!("{many}: p99 until it is heard"), p99(&ours), "ms")
                    .beside(other.name, p99(other));
            figures.push(match other.name {
                "redis-server" => figure.moonshot(Goal::Most(30.0)),
                _ => figure,
            });
        }
        for other in &others {
            let figure = Figure::new(15, format!("{many}: memory a socket"), ours.a_socket, "KiB");
            figures.push(
                figure.beside(other.name, other.a_socket).goals(Goal::Most(8.0), Goal::Most(5.0)),
            );
        }
    }
    Ok(figures)
}

/// Lines with a receipt each, so many a second; when each receipt came.
async fn receipts(hub: &Hub, per_second: u32, time: Duration) -> Result<Vec<f64>> {
    let count = per_second * u32::try_from(time.as_secs())?;
    // Whoever has not joined hears no line, in which the name of the receipt stands, too.
    let line = Line { join: Vec::new(), ..hub.line.clone() };
    let (crowd, mut write) = Crowd::of_one(hub.addr, line).await?;
    let begun = Instant::now();
    for number in 1..=count {
        sleep_until(begun + Duration::from_secs(1) * (number - 1) / per_second).await;
        write.write_all(&hub.says(&stamp(number), true)?).await?;
    }
    sleep(LAST).await;
    let [heard] = &crowd.part().await?[..] else { anyhow::bail!("one socket is one") };
    ensure!(is_whole(heard, count), "{}: not every line has its receipt", hub.name);
    Ok(heard.delays.iter().map(|delay| f64::from(*delay)).collect())
}

pub(crate) async fn durable(stage: &Stage, pace: Pace) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for per_second in [1_000, 5_000] {
        let time = pace.time(20);
        let (ours, theirs) = (Hub::aside(stage).await?, Hub::jetstream(stage).await?);
        let acks = receipts(&ours, per_second, time).await?;
        let others = receipts(&theirs, per_second, time).await?;
        for (part, name) in [(0.5, "p50"), (0.99, "p99")] {
            let what = format!(
                "{per_second} messages a second: {name} until it is on disk and acknowledged"
            );
            let figure = Figure::new(16, what, quantile(&acks, part), "ms")
                .beside("JetStream in a file, synced every 2 min", quantile(&others, part));
            figures.push(if part > 0.9 {
                figure.goals(Goal::Most(20.0), Goal::Times(0.5))
            } else {
                figure
            });
        }
        ours.program.quit();
        theirs.program.quit();
    }
    Ok(figures)
}
