//! `load`: many members in one room over real sockets, and whether each of them is told everything, once and in one order.
//!
//! Reading order: [`board`] (what is expected and what came), [`member`] (one socket), [`drive`] (who says what when), [`table`] (the
//! result), [`files`] (the limit of open files).

mod board;
mod drive;
mod files;
mod member;
mod table;

use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use aside_protocol::http::CAPABILITIES_PATH;
use aside_protocol::{Capabilities, Extension, Token};
use aside_session::{Env, HttpMethod, HttpRequest, Network, RoomConfig};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::line::remark;
use crate::room::Outcome;
use board::Board;
use member::{Ended, Member, NotIn};
use table::Table;

/// What is wanted of a load.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// How many members there are.
    pub(crate) members: u32,
    /// Messages a second, of all members together.
    pub(crate) chat: f64,
    /// Questions a second.
    pub(crate) ask: f64,
    /// Votes a second.
    pub(crate) vote: f64,
    /// How long they talk.
    pub(crate) duration: Duration,
    /// How long it takes until all are in.
    pub(crate) ramp: Duration,
    /// Who they are; taken in turns.
    pub(crate) seats: Vec<Seat>,
    pub(crate) json: bool,
}

/// One who may be in the room.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(crate) user: String,
    pub(crate) token: Token,
}

/// How long a server that is just starting is waited for.
const STARTING: Duration = Duration::from_secs(10);
/// How long all members may take to hear the first word.
const CALL: Duration = Duration::from_secs(15);
/// How often the room is called until all have heard it.
const CALL_AGAIN: Duration = Duration::from_millis(500);
/// How long one waits at the end for what is still under way.
const GRACE: Duration = Duration::from_secs(10);
/// How often one looks whether that is all.
const LOOK: Duration = Duration::from_millis(50);
/// Things to say that wait for one member.
const WAITING: usize = 1024;
/// A reply that is no history is small.
const SMALL_REPLY: usize = 256 * 1024;

/// All members that are in, each with a channel for what it is to say.
pub(crate) struct Crowd {
    say: Vec<(String, mpsc::Sender<String>)>,
    tasks: JoinSet<Ended>,
    stop: watch::Sender<bool>,
}

impl Crowd {
    /// Lets one of them say something. Whoever is gone says nothing: that entry is missed by all, and so it is seen.
    pub(crate) async fn say(&self, config: &RoomConfig, turn: usize, words: &str) {
        if let Some((user, inbox)) = self.say.get(turn % self.say.len().max(1)) {
            let _ = inbox.send(member::message(config, user, words)).await;
        }
    }
}

/// Loads the server of a room.
pub(crate) async fn load(config: RoomConfig, wish: Wish) -> anyhow::Result<Outcome> {
    files::allow(u64::from(wish.members))?;
    let env = Env::real()?;
    let (network, config) = (env.network, Arc::new(config));
    let Some(first) = wish.seats.first() else { bail!("there is no token") };
    let known = capabilities(network.as_ref(), &config, &first.token).await;
    if wish.vote > 0.0 && !known.has(Extension::Votes) {
        remark!("this server has no votes (extension `votes`): leave --vote out");
        return Ok(Outcome::Usage);
    }
    let board = Arc::new(Board::new(env.seed)?);
    let began = Instant::now();
    let crowd = match enter(&network, &config, &wish, &board).await {
        Ok(crowd) => crowd,
        Err(not_in) => return Ok(explain(&not_in)),
    };
    call(&board, &crowd, &config, &wish).await;
    let joined = began.elapsed();
    remark!("{} members are in after {:.1} s", wish.members, joined.as_secs_f32());
    let talked = drive::talk(&network, &config, &wish, &board, &crowd).await;
    let ended = gather(crowd, &board, wish.members).await;
    let table = Table::new(&wish, &board, joined, &talked, &ended);
    let mut out = io::stdout().lock();
    if wish.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&table)?)?;
    } else {
        write!(out, "{}", table.words())?;
    }
    Ok(if table.is_whole() { Outcome::Done } else { Outcome::Failed })
}

/// Waits for what is still under way, and ends all members.
async fn gather(mut crowd: Crowd, board: &Board, members: u32) -> Vec<Ended> {
    let until = Instant::now() + GRACE;
    let mut ended = Vec::new();
    while !board.is_whole(members) && Instant::now() < until {
        // Where all have gone, nothing more comes.
        match timeout(LOOK, crowd.tasks.join_next()).await {
            Ok(Some(end)) => ended.extend(end.ok()),
            Ok(None) => break,
            Err(_) => {}
        }
    }
    // Nobody listens any more where all have gone.
    let _ = crowd.stop.send(true);
    while let Some(end) = crowd.tasks.join_next().await {
        ended.extend(end.ok());
    }
    ended
}

async fn capabilities(network: &dyn Network, config: &RoomConfig, token: &Token) -> Capabilities {
    let until = Instant::now() + STARTING;
    loop {
        let request = HttpRequest {
            url: drive::url(config, CAPABILITIES_PATH),
            method: HttpMethod::Get,
            token: token.clone(),
            timeout: STARTING,
            limit: SMALL_REPLY,
        };
        match network.http(request).await {
            Ok(reply) => return Capabilities::parse(&reply.body),
            Err(_) if Instant::now() > until => return Capabilities::default(),
            Err(_) => sleep(CALL_AGAIN).await,
        }
    }
}

/// Brings all members in, spread over the ramp; the first that can't come in is the end.
async fn enter(
    network: &Arc<dyn Network>,
    config: &Arc<RoomConfig>,
    wish: &Wish,
    board: &Arc<Board>,
) -> Result<Crowd, NotIn> {
    let (stop, stopped) = watch::channel(false);
    let (mut entering, began) = (JoinSet::new(), Instant::now());
    for number in 0..wish.members {
        let seat = wish.seats[number as usize % wish.seats.len()].clone();
        let at = began + wish.ramp.mul_f64(f64::from(number) / f64::from(wish.members.max(1)));
        let (network, config) = (Arc::clone(network), Arc::clone(config));
        entering.spawn(async move {
            sleep_until(at).await;
            Member::enter(network.as_ref(), &config, seat, number).await
        });
    }
    let (mut say, mut tasks) = (Vec::new(), JoinSet::new());
    while let Some(entered) = entering.join_next().await {
        let member = entered.unwrap_or(Err(NotIn::Broken))?;
        let (sender, inbox) = mpsc::channel(WAITING);
        say.push((member.user().to_owned(), sender));
        tasks.spawn(member.run(Arc::clone(board), inbox, stopped.clone()));
    }
    Ok(Crowd { say, tasks, stop })
}

fn explain(not_in: &NotIn) -> Outcome {
    match not_in {
        NotIn::Refused(status @ (401 | 403)) => {
            remark!("the server refused a token with {status}");
            Outcome::Refused
        }
        NotIn::Refused(status @ (429 | 503)) => {
            remark!(
                "the server wants no more sockets ({status}): give members tokens of their own with --tokens, come in \
                 more slowly with --ramp, or start aside-server with --no-rate-limits"
            );
            Outcome::Failed
        }
        NotIn::Refused(status) => {
            remark!("a socket did not open (HTTP {status}); is it at another path? see --ws");
            Outcome::Failed
        }
        NotIn::Unreachable(why) => {
            remark!("a socket did not open: {why}");
            Outcome::Failed
        }
        NotIn::Broken => Outcome::Failed,
    }
}

/// Says something until every member has heard something: from then on all are known to be listening.
async fn call(board: &Arc<Board>, crowd: &Crowd, config: &RoomConfig, wish: &Wish) {
    let called = async {
        while !board.all_listen(wish.members) {
            let words = board.call();
            crowd.say(config, 0, &words).await;
            let again = Instant::now() + CALL_AGAIN;
            while Instant::now() < again && !board.all_listen(wish.members) {
                sleep(LOOK).await;
            }
        }
    };
    if timeout(CALL, called).await.is_err() {
        remark!("{} members hear nothing", wish.members - board.listening());
    }
}

/// The seats of a file: a user and a token on each line; what begins with # is a remark.
pub(crate) fn seats(text: &str) -> anyhow::Result<Vec<Seat>> {
    let mut seats = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (user, token) = line
            .split_once(char::is_whitespace)
            .with_context(|| format!("line {} is no `user token`", number + 1))?;
        let token = Token::new(token);
        if token.is_empty() || !token.fits_header() {
            bail!("the token on line {} holds characters that no token has", number + 1);
        }
        seats.push(Seat { user: user.to_owned(), token });
    }
    if seats.is_empty() {
        bail!("the file names nobody");
    }
    Ok(seats)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_users_and_tokens() {
        let seats = seats("# load\nann t1\n\n  bob\tt2 \n").unwrap();
        let named: Vec<_> =
            seats.iter().map(|seat| (seat.user.as_str(), seat.token.expose())).collect();
        assert_eq!(named, [("ann", "t1"), ("bob", "t2")]);
        for bad in ["", "# nobody", "ann", "ann t\u{e9}"] {
            let error = super::seats(bad).unwrap_err().to_string();
            assert!(!error.contains("t\u{e9}"), "{error}");
        }
    }
}
