//! Who says what, and when.

use std::sync::Arc;
use std::time::Duration;

use aside_protocol::http::{ASK_PATH, Ask};
use aside_protocol::triage::{VOTE_PATH, VoteRequest};
use aside_protocol::{EntryId, Token};
use aside_session::{HttpMethod, HttpRequest, Network, RoomConfig};
use tokio::task::JoinSet;
use tokio::time::{
    Instant, Interval, MissedTickBehavior, interval, interval_at, sleep_until, timeout_at,
};
use url::Url;

use super::board::{Board, Kind};
use super::{Crowd, SMALL_REPLY, Wish};
use crate::line::tell;

/// One request may take this long.
const REQUEST: Duration = Duration::from_secs(30);
/// Requests that are under way; beyond it, the load waits, and its rate falls.
const UNDER_WAY: usize = 512;
/// How often one says how far it is.
const PROGRESS: Duration = Duration::from_secs(1);

/// What the talk came to, besides what the board knows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Talked {
    pub(crate) took: Duration,
    /// Votes that had no question yet.
    pub(crate) votes_without_question: u64,
}

/// The address of a path of the server.
pub(crate) fn url(config: &RoomConfig, path: &str) -> Url {
    let mut url = config.server.clone();
    url.set_query(None);
    url.set_fragment(None);
    let base = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{base}/{path}"));
    url
}

/// A beat of so many a second; none for zero.
fn ticks(rate: f64) -> Option<Interval> {
    if rate <= 0.0 {
        return None;
    }
    let mut ticks = interval(Duration::from_secs_f64(1.0 / rate));
    // What a busy machine missed is made up for, so that the rate is the one that was asked for.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    Some(ticks)
}

async fn tick(ticks: &mut Option<Interval>) {
    match ticks {
        Some(ticks) => {
            ticks.tick().await;
        }
        None => std::future::pending().await,
    }
}

/// Talks for as long as it was asked to, and waits for the replies.
pub(crate) async fn talk(
    network: &Arc<dyn Network>,
    config: &Arc<RoomConfig>,
    wish: &Wish,
    board: &Arc<Board>,
    crowd: &Crowd,
) -> Talked {
    let began = Instant::now();
    let end = began + wish.duration;
    let (mut chat, mut ask, mut vote) = (ticks(wish.chat), ticks(wish.ask), ticks(wish.vote));
    let mut progress = interval_at(began + PROGRESS, PROGRESS);
    let (mut turn, mut talked, mut requests) = (0_usize, Talked::default(), JoinSet::new());
    loop {
        tokio::select! {
            biased;
            () = sleep_until(end) => break,
            _ = progress.tick() => say_how_far(board, wish, began),
            () = tick(&mut chat) => {
                turn += 1;
                let (_, words) = board.say(Kind::Chat);
                // A member whose server does not read takes nothing more: what it was to say is lost, and so it is seen.
                let _late = timeout_at(end, crowd.say(config, turn, &words)).await;
            }
            () = tick(&mut ask), if requests.len() < UNDER_WAY => {
                turn += 1;
                requests.spawn(question(Arc::clone(network), Arc::clone(config), token(wish, turn), Arc::clone(board)));
            }
            () = tick(&mut vote), if requests.len() < UNDER_WAY => {
                turn += 1;
                match board.votable(turn) {
                    Some(id) => {
                        let (network, config) = (Arc::clone(network), Arc::clone(config));
                        requests.spawn(cast(network, config, token(wish, turn), Arc::clone(board), id));
                    }
                    None => talked.votes_without_question += 1,
                }
            }
            Some(_) = requests.join_next() => {}
        }
    }
    talked.took = began.elapsed();
    while requests.join_next().await.is_some() {}
    talked
}

fn token(wish: &Wish, turn: usize) -> Token {
    wish.seats[turn % wish.seats.len()].token.clone()
}

fn say_how_far(board: &Board, wish: &Wish, began: Instant) {
    let [chat, ..] = board.latencies();
    tell(format_args!(
        "{:>4} s: {} said, {} of {} received, p99 {:.1} ms\n",
        began.elapsed().as_secs(),
        board.expected(),
        board.receipts(),
        board.expected() * u64::from(wish.members),
        chat.value_at_quantile(0.99) as f64 / 1000.0
    ));
}

async fn post(network: &dyn Network, url: Url, token: Token, body: String) -> bool {
    let request = HttpRequest {
        url,
        method: HttpMethod::Post(body),
        token,
        timeout: REQUEST,
        limit: SMALL_REPLY,
    };
    network.http(request).await.is_ok_and(|reply| (200..300).contains(&reply.status))
}

async fn question(
    network: Arc<dyn Network>,
    config: Arc<RoomConfig>,
    token: Token,
    board: Arc<Board>,
) {
    let (number, words) = board.say(Kind::Ask);
    let body = Ask { content: words, stream: config.stream.clone(), nonce: None }.to_json();
    if !post(network.as_ref(), url(&config, ASK_PATH), token, body).await {
        board.refused(number);
    }
}

async fn cast(
    network: Arc<dyn Network>,
    config: Arc<RoomConfig>,
    token: Token,
    board: Arc<Board>,
    id: String,
) {
    let body =
        VoteRequest { question_id: EntryId::new(id), stream_id: config.stream.clone(), vote: true };
    let began = Instant::now();
    let counted = post(network.as_ref(), url(&config, VOTE_PATH), token, body.to_json()).await;
    board.voted(began.elapsed(), counted);
}

#[cfg(test)]
mod tests {
    use aside_session::Env;
    use tokio::sync::{mpsc, watch};

    use super::*;
    use crate::load::Seat;

    #[tokio::test]
    async fn a_member_that_says_nothing_more_does_not_keep_the_others_talking() {
        let env = Env::real().unwrap();
        let server: Url = "http://127.0.0.1:9".parse().unwrap();
        let config = RoomConfig {
            socket: RoomConfig::default_socket(&server),
            server,
            topic: aside_protocol::Topic::new("1"),
            stream: aside_protocol::StreamId::new("s1"),
            user: "ann".to_owned(),
            display_name: String::new(),
            avatar_url: String::new(),
            allow_insecure: false,
        };
        let wish = Wish {
            members: 1,
            chat: 10_000.0,
            ask: 0.0,
            vote: 0.0,
            duration: Duration::from_millis(100),
            ramp: Duration::ZERO,
            seats: vec![Seat { user: "ann".to_owned(), token: Token::new("t") }],
            json: true,
        };
        let board = Arc::new(Board::new(7).unwrap());
        let (sender, _stuck) = mpsc::channel(1);
        sender.try_send(String::new()).unwrap();
        let (stop, _) = watch::channel(false);
        let crowd = Crowd { say: vec![("ann".to_owned(), sender)], tasks: JoinSet::new(), stop };
        let config = Arc::new(config);
        let talk = talk(&env.network, &config, &wish, &board, &crowd);
        tokio::time::timeout(Duration::from_secs(10), talk).await.expect("the talk ends");
    }
}
