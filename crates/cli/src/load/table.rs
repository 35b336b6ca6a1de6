//! The result: words for people, JSON for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use aside_text::printable;
use hdrhistogram::Histogram;
use serde::Serialize;

use super::Wish;
use super::board::{Board, Kind};
use super::drive::Talked;
use super::member::Ended;

/// What a load came to.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Table {
    members: u32,
    joined_seconds: f64,
    talked_seconds: f64,
    messages: u64,
    questions: u64,
    questions_refused: u64,
    votes: u64,
    votes_refused: u64,
    /// What all members together were to receive, and what they did.
    expected: u64,
    received: u64,
    lost: u64,
    doubled: u64,
    moved: u64,
    /// Members that lack something, or got it twice or otherwise.
    members_concerned: u64,
    /// Members whose socket ended, by close code.
    closed: BTreeMap<u16, u64>,
    /// Codes other than 200 that members were told.
    notices: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<String>,
    /// In milliseconds; `vote` is the time of the reply.
    latency: Latencies,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Latencies {
    chat: Option<Latency>,
    ask: Option<Latency>,
    vote: Option<Latency>,
}

/// Milliseconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Latency {
    count: u64,
    p50: f64,
    p90: f64,
    p99: f64,
    p999: f64,
    max: f64,
}

impl Latency {
    fn of(histogram: &Histogram<u64>) -> Option<Self> {
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1000.0;
        (!histogram.is_empty()).then(|| Self {
            count: histogram.len(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: histogram.max() as f64 / 1000.0,
        })
    }
}

impl Table {
    pub(crate) fn new(
        wish: &Wish,
        board: &Board,
        joined: Duration,
        talked: &Talked,
        ended: &[Ended],
    ) -> Self {
        let [chat, ask, vote] = board.latencies();
        let each = board.expected();
        let expected = each * u64::from(wish.members);
        let sum = |count: fn(&Ended) -> u64| ended.iter().map(count).sum::<u64>();
        let told = board.told_all_the_same();
        let received = |end: &Ended| end.cursor.received(&told);
        let concerned =
            |end: &&Ended| received(end) < each || end.cursor.doubled > 0 || end.cursor.moved > 0;
        let members_concerned = ended.iter().filter(concerned).count() as u64;
        let received = ended.iter().map(received).sum();
        let mut closed = BTreeMap::new();
        for code in ended.iter().filter_map(|end| end.closed) {
            *closed.entry(code).or_default() += 1;
        }
        let notice = ended.iter().find_map(|end| end.notice.as_ref());
        Self {
            members: wish.members,
            joined_seconds: joined.as_secs_f64(),
            talked_seconds: talked.took.as_secs_f64(),
            messages: board.said(Kind::Chat),
            questions: board.said(Kind::Ask),
            questions_refused: board.said(Kind::Refused),
            votes: vote.len(),
            votes_refused: board.votes_refused() + talked.votes_without_question,
            expected,
            received,
            lost: expected.saturating_sub(received),
            doubled: sum(|end| end.cursor.doubled),
            moved: sum(|end| end.cursor.moved),
            members_concerned,
            closed,
            notices: sum(|end| end.notices),
            notice: notice.map(|(code, text)| format!("{code} {}", printable(text))),
            latency: Latencies {
                chat: Latency::of(&chat),
                ask: Latency::of(&ask),
                vote: Latency::of(&vote),
            },
        }
    }

    /// Whether every member heard everything, once and in one order.
    pub(crate) fn is_whole(&self) -> bool {
        self.lost == 0 && self.doubled == 0 && self.moved == 0
    }

    /// The table, for people.
    pub(crate) fn words(&self) -> String {
        let mut text = String::new();
        let _ =
            writeln!(text, "members    {}, in after {:.1} s", self.members, self.joined_seconds);
        let _ = writeln!(
            text,
            "said       {} messages, {} questions, {} votes in {:.1} s",
            self.messages, self.questions, self.votes, self.talked_seconds
        );
        let _ = writeln!(text, "received   {} of {}", self.received, self.expected);
        let _ = writeln!(
            text,
            "           {} lost, {} doubled, {} moved, at {} members",
            self.lost, self.doubled, self.moved, self.members_concerned
        );
        if self.questions_refused + self.votes_refused > 0 {
            let _ = writeln!(
                text,
                "refused    {} questions, {} votes (refused, or before there was a question)",
                self.questions_refused, self.votes_refused
            );
        }
        for (code, count) in &self.closed {
            let _ = writeln!(text, "closed     {count} sockets with {code}");
        }
        if let Some(notice) = &self.notice {
            let _ = writeln!(text, "told       {} times something like: {notice}", self.notices);
        }
        let _ =
            writeln!(text, "\nms             count      p50      p90      p99    p99.9      max");
        let Latencies { chat, ask, vote } = self.latency;
        for (name, latency) in [("chat", chat), ("ask", ask), ("vote", vote)] {
            let Some(Latency { count, p50, p90, p99, p999, max }) = latency else { continue };
            let _ = writeln!(
                text,
                "{name:<8} {count:>11} {p50:>8.1} {p90:>8.1} {p99:>8.1} {p999:>8.1} {max:>8.1}"
            );
        }
        text
    }
}
