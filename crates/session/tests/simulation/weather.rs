//! The fault classes: what happens to one member's path, and what happens to the server, as schedules drawn from a seed.

use std::sync::Arc;
use std::time::Duration;

use aside_server::{NewEntry, Step};
use aside_session::DialError;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::member::Member;
use crate::network::{Door, Spoil};
use crate::pipe::{Cut, How};
use crate::world::{World, topic};

/// A fault class of the plan (F10 is the real network's, F12 and F15 are the crash tests', F13 the window's).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// F1: nothing arrives, one way or both, and nobody says so.
    HalfOpen,
    /// F2: reset, end and silence at any byte of handshake and frames; close codes; statuses.
    Cuts,
    /// F3: the machine sleeps, wall clocks step.
    Sleep,
    /// F4: the server restarts with many to come back.
    Restart,
    /// F5: the server dies between commit, telling and acknowledging.
    Killed,
    /// F6: the history lags, fails, lies.
    History,
    /// F7: tokens end, and others come.
    Token,
    /// F8: a slow reader, a slow disk, a flood.
    Slow,
    /// F9: latency, jitter, single bytes.
    Latency,
    /// F11: somebody else answers.
    Portal,
    /// F14: the machine's own network flaps, and the machine knows.
    Flapping,
    /// The merge without ids at its measure: repeats, a history 1.5 s late, links that break.
    Merge,
}

impl Class {
    /// How the table calls it.
    pub fn number(self) -> &'static str {
        match self {
            Self::HalfOpen => "F1",
            Self::Cuts => "F2",
            Self::Sleep => "F3",
            Self::Restart => "F4",
            Self::Killed => "F5",
            Self::History => "F6",
            Self::Token => "F7",
            Self::Slow => "F8",
            Self::Latency => "F9",
            Self::Portal => "F11",
            Self::Flapping => "F14",
            Self::Merge => "merge",
        }
    }

    /// How long the trouble lasts.
    pub fn trouble(self) -> Duration {
        Duration::from_secs(match self {
            Self::HalfOpen => 120,
            Self::Flapping => 90,
            _ => 60,
        })
    }

    /// Whether the system tells of its network or its sleep, which earns more tries.
    pub fn has_events(self) -> bool {
        matches!(self, Self::Sleep | Self::Flapping | Self::Token | Self::Cuts)
    }
}

/// What goes on at the server until the trouble ends.
pub async fn at_the_server(class: Class, world: &Arc<World>, until: Instant, seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let rng = &mut rng;
    match class {
        Class::Restart => *world.restart_after.lock().unwrap() = seconds(rng, 0.5, 8.0),
        Class::History => world.lag(Duration::ZERO, seconds(rng, 0.0, 5.0)),
        Class::Merge => world.lag(Duration::ZERO, Duration::from_millis(1500)),
        _ => {}
    }
    if class == Class::Restart {
        world.kill().await;
        world.start();
    }
    while Instant::now() < until {
        pause(rng, 2.0, 20.0, until).await;
        match class {
            Class::Restart => restart(world, rng).await,
            Class::Killed => kill_in_a_write(world, rng).await,
            Class::Slow => slow(world, rng).await,
            Class::Cuts if rng.random_bool(0.5) => {
                let codes =
                    [1000, 1001, 1002, 1003, 1007, 1008, 1011, 1012, 1013, 3000, 4000, 4429, 4499];
                world.close_sockets(codes[rng.random_range(0..codes.len())], "");
            }
            _ => {}
        }
    }
    world.slow_disk(Duration::ZERO);
    world.lag(
        Duration::ZERO,
        if class == Class::Merge { Duration::from_millis(1500) } else { Duration::ZERO },
    );
    if !world.is_up() {
        world.start();
    }
}

async fn restart(world: &Arc<World>, rng: &mut StdRng) {
    if rng.random_bool(0.7) {
        world.stop().await;
    } else {
        world.kill().await;
    }
    sleep(seconds(rng, 0.1, 6.0)).await;
    world.start();
}

async fn kill_in_a_write(world: &Arc<World>, rng: &mut StdRng) {
    let step = [Step::Asked, Step::Committed, Step::Told][rng.random_range(0..3)];
    // The room may be silent for a while.
    let _nothing_written = timeout(Duration::from_secs(5), world.ambush(step)).await;
    world.kill().await;
    sleep(seconds(rng, 0.1, 3.0)).await;
    world.start();
}

async fn slow(world: &Arc<World>, rng: &mut StdRng) {
    if rng.random_bool(0.5) {
        world.slow_disk(seconds(rng, 0.0, 3.0));
        sleep(seconds(rng, 1.0, 10.0)).await;
        return world.slow_disk(Duration::ZERO);
    }
    let Some(rooms) = world.rooms() else { return };
    let count = rng.random_range(50..400);
    let flood = (0..count).map(|n| NewEntry::message("flood", "flood", format!("flood {n}")));
    // Told one by one, as a busy room is.
    for entry in flood {
        let _stopped = rooms.publish(&topic(), entry).await;
        sleep(Duration::from_millis(1)).await;
    }
}

/// What goes on between one member and the server until the trouble ends.
pub async fn on_the_path(
    class: Class,
    world: Arc<World>,
    member: Arc<Member>,
    until: Instant,
    seed: u64,
) {
    let mut rng = StdRng::seed_from_u64(seed);
    let rng = &mut rng;
    if class == Class::Latency {
        latency(&member, rng);
    }
    while Instant::now() < until {
        pause(rng, 0.5, 10.0, until).await;
        match class {
            Class::HalfOpen => hold(&member, rng, 120.0, until).await,
            Class::Cuts => cut(&member, rng, until).await,
            Class::Sleep => machine_sleeps(&member, rng),
            Class::History => {
                let chance = rng.random_range(0.0..0.5);
                member.path.spoil(chance, &SPOILS);
                drop_link(&member, rng, 5.0, until).await;
            }
            Class::Token => lose_token(&world, &member, rng, until).await,
            Class::Slow => {
                let rate = rng.random_range(200..4000);
                member.path.weather(|_, down| down.rate = Some(rate));
                pause(rng, 1.0, 20.0, until).await;
                member.path.weather(|_, down| down.rate = None);
            }
            Class::Latency if rng.random_bool(0.3) => latency(&member, rng),
            Class::Portal => portal(&member, rng, until).await,
            Class::Flapping => flap(&member, rng, until).await,
            Class::Merge if rng.random_bool(0.3) => drop_link(&member, rng, 40.0, until).await,
            Class::Latency | Class::Merge | Class::Restart | Class::Killed => {}
        }
    }
    member.path.heal();
    if class == Class::Token || member.is_refused() {
        // The person looks at it.
        member.session.reconnect();
    }
}

const SPOILS: [Spoil; 7] = [
    Spoil::Status(500),
    Spoil::Status(502),
    Spoil::Status(503),
    Spoil::Html,
    Spoil::Truncated,
    Spoil::ReplyLost,
    Spoil::Swallowed,
];

async fn hold(member: &Member, rng: &mut StdRng, longest: f64, until: Instant) {
    let ways = rng.random_range(0..3);
    member.path.weather(|up, down| {
        up.held = ways != 0;
        down.held = ways != 1;
    });
    let time = 1.0 + (longest - 1.0) * rng.random_range(0.0_f64..1.0).powi(3);
    pause(rng, time, time + 0.1, until).await;
    // A gateway that forgot the connection, or one that goes on where it was.
    if rng.random_bool(0.5) {
        member.path.break_all(How::Mute);
    }
    member.path.weather(|up, down| (up.held, down.held) = (false, false));
}

const STATUSES: [&str; 5] = [
    "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 503 Busy\r\nretry-after: 2\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 429 Slow down\r\nretry-after: 3\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 101 Switching",
    "",
];

async fn cut(member: &Member, rng: &mut StdRng, until: Instant) {
    let how = [How::Reset, How::Fin, How::Mute][rng.random_range(0..3)];
    match rng.random_range(0..4) {
        0 => {
            member.path.cut(Cut { up: rng.random(), at: rng.random_range(0..4000), how });
        }
        1 => {
            // In the handshake, or right behind it.
            member.path.cut_next(Cut { up: rng.random(), at: rng.random_range(0..600), how });
            member.path.break_all(How::Reset);
        }
        2 => {
            member.path.door(Door::Stranger(STATUSES[rng.random_range(0..STATUSES.len())]));
            member.path.break_all(how);
            pause(rng, 0.5, 8.0, until).await;
            member.path.door(Door::Open);
        }
        _ => member.path.break_all(how),
    }
}

async fn drop_link(member: &Member, rng: &mut StdRng, longest: f64, until: Instant) {
    let doors = [Door::Fails(DialError::Unreachable), Door::Fails(DialError::Dns), Door::Blackhole];
    member.path.door(doors[rng.random_range(0..doors.len())].clone());
    member.path.break_all([How::Reset, How::Fin][rng.random_range(0..2)]);
    pause(rng, 0.0, longest, until).await;
    member.path.door(Door::Open);
}

fn machine_sleeps(member: &Member, rng: &mut StdRng) {
    if rng.random_bool(0.3) {
        return member.clock.step(rng.random_range(-3_600_000..3_600_000));
    }
    let longest = [4.0, 20.0, 43_200.0][rng.random_range(0..3)];
    member.clock.sleep(seconds(rng, 1.0, longest));
    if rng.random_bool(0.5) {
        member.path.break_all(How::Mute);
    }
}

async fn lose_token(world: &Arc<World>, member: &Member, rng: &mut StdRng, until: Instant) {
    let Some(token) = member.revoke(world).await else { return };
    if rng.random_bool(0.3) {
        member.path.break_all(How::Reset);
    }
    pause(rng, 0.0, 10.0, until).await;
    member.session.set_token(token).await;
}

fn latency(member: &Member, rng: &mut StdRng) {
    let (least, most) = (seconds(rng, 0.0, 1.0), seconds(rng, 0.0, 0.9));
    let slice = [1, 7, usize::MAX][rng.random_range(0..3)];
    member.path.weather(|up, down| {
        for flow in [up, down] {
            (flow.least, flow.most, flow.slice) = (least, least + most, slice);
        }
    });
}

const PORTALS: [&str; 3] = [
    "HTTP/1.1 302 Found\r\nlocation: http://hotel.example/\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<html></html>",
    "HTTP/1.1 403 Forbidden\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<html></html>",
];

async fn portal(member: &Member, rng: &mut StdRng, until: Instant) {
    let door = match rng.random_range(0..5) {
        0 => Door::Fails(DialError::Certificate),
        1 => Door::Fails(DialError::Dns),
        n => Door::Stranger(PORTALS[n - 2]),
    };
    member.path.door(door);
    member.path.break_all([How::Reset, How::Mute][rng.random_range(0..2)]);
    pause(rng, 2.0, 20.0, until).await;
    member.path.door(Door::Open);
}

async fn flap(member: &Member, rng: &mut StdRng, until: Instant) {
    match rng.random_range(0..3) {
        0 => {
            member.path.way_out(None);
            hold(member, rng, 10.0, until).await;
        }
        1 => {
            member.path.way_out(None);
            drop_link(member, rng, 10.0, until).await;
        }
        _ => member.path.break_all([How::Reset, How::Mute][rng.random_range(0..2)]),
    }
    // Another network, or the same one again.
    member.path.way_out(Some(rng.random_range(0..3)));
}

fn seconds(rng: &mut StdRng, least: f64, most: f64) -> Duration {
    Duration::from_secs_f64(rng.random_range(least..most))
}

async fn pause(rng: &mut StdRng, least: f64, most: f64, until: Instant) {
    sleep_until((Instant::now() + seconds(rng, least, most)).min(until)).await;
}
