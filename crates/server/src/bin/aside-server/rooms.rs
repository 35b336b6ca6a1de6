//! Rooms, and what they do with what is asked.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use aside_protocol::{StreamId, Topic};
use aside_server::{RoomSpec, Rooms, RoomsError, page_link};
use clap::{Args, Subcommand};
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use url::Url;

use crate::{Data, print};

#[derive(Debug, Args)]
pub(crate) struct RoomArgs {
    /// The room's topic (its number).
    #[arg(long = "room", alias = "topic")]
    topic: String,
    /// The room's stream id; if absent, the one that the room has, and of a new one the topic.
    #[arg(long)]
    stream: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RoomTask {
    /// Make a room.
    Create {
        #[command(flatten)]
        data: Data,
        #[command(flatten)]
        room: RoomArgs,
    },
    /// List rooms: topic, stream id, entries, and whether they review or ask without names.
    List {
        #[command(flatten)]
        data: Data,
    },
    /// Let staff approve what the audience asks before the room sees it. A running server heeds it at once.
    Review {
        #[command(flatten)]
        data: Data,
        /// The room's topic (its number).
        #[arg(long = "room", alias = "topic")]
        topic: String,
        /// on or off.
        switch: Switch,
    },
    /// Let the audience ask without anybody learning who, staff included. A running server heeds it at once.
    Anonymous {
        #[command(flatten)]
        data: Data,
        /// The room's topic (its number).
        #[arg(long = "room", alias = "topic")]
        topic: String,
        /// The name that stands there instead.
        #[arg(long, default_value = "Anonymous")]
        name: String,
        /// on or off.
        switch: Switch,
    },
    /// Print the links of a room: its page, for the audience, and what fills the join form of the app. No token is in either. On a
    /// terminal the page's comes as a QR code too.
    Link {
        #[command(flatten)]
        data: Data,
        /// The room's topic (its number).
        #[arg(long = "room", alias = "topic")]
        topic: String,
        /// Where people reach the server: https://room.example, or http:// with this computer's address in its network.
        #[arg(long)]
        base: Url,
        /// Print the code wherever the output goes.
        #[arg(long)]
        qr: bool,
    },
    /// Words that hold what the audience says for review.
    #[command(subcommand)]
    Words(WordsTask),
}

/// Words that hold what the audience says for review, in lists by language. They are found however they are written; `*` at
/// the end of one stands for any ending.
#[derive(Debug, Subcommand)]
pub(crate) enum WordsTask {
    /// Print the lists: language, word.
    List {
        #[command(flatten)]
        data: Data,
        /// The room's topic (its number).
        #[arg(long = "room", alias = "topic")]
        topic: String,
    },
    /// Add words to a list, and print how many were new.
    Add(WordsArgs),
    /// Take words off a list, and print how many stood there.
    Remove(WordsArgs),
}

#[derive(Debug, Args)]
pub(crate) struct WordsArgs {
    #[command(flatten)]
    data: Data,
    /// The room's topic (its number).
    #[arg(long = "room", alias = "topic")]
    topic: String,
    /// The list's language: a name for the list, no more.
    #[arg(long, default_value = "any")]
    lang: String,
    /// The words.
    #[arg(required = true)]
    words: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}

impl RoomArgs {
    pub(crate) async fn spec(self, rooms: &Rooms) -> Result<RoomSpec, RoomsError> {
        let spec = RoomSpec::new(self.topic);
        if let Some(stream) = self.stream {
            return Ok(RoomSpec { stream: StreamId::new(stream), ..spec });
        }
        match rooms.room(&spec.topic).await {
            Ok(room) => Ok(RoomSpec { stream: room.stream, ..spec }),
            Err(RoomsError::NoRoom) => Ok(spec),
            Err(error) => Err(error),
        }
    }
}

pub(crate) async fn room(task: RoomTask) -> anyhow::Result<()> {
    match task {
        RoomTask::Create { data, room } => {
            let rooms = data.rooms()?;
            let made = rooms.create_room(room.spec(&rooms).await?).await?;
            print(&format!("{}\t{}", made.topic, made.stream))
        }
        RoomTask::List { data } => {
            for room in data.rooms()?.rooms().await? {
                let review = if room.review { "\treview" } else { "" };
                let anonymous = if room.anonymous.is_some() { "\tanonymous" } else { "" };
                print(&format!(
                    "{}\t{}\t{}{review}{anonymous}",
                    room.topic, room.stream, room.head
                ))?;
            }
            Ok(())
        }
        RoomTask::Review { data, topic, switch } => {
            Ok(data.rooms()?.set_review(&Topic::new(topic), switch == Switch::On).await?)
        }
        RoomTask::Anonymous { data, topic, name, switch } => {
            let name = (switch == Switch::On).then_some(name);
            Ok(data.rooms()?.set_anonymous(&Topic::new(topic), name).await?)
        }
        RoomTask::Link { data, topic, base, qr } => {
            let room = data.rooms()?.room(&Topic::new(topic)).await?;
            let spec = RoomSpec { topic: room.topic, stream: room.stream };
            link(&spec, &base, qr || std::io::stdout().is_terminal())
        }
        RoomTask::Words(task) => words(task).await,
    }
}

fn link(room: &RoomSpec, base: &Url, qr: bool) -> anyhow::Result<()> {
    let page = page_link(base, room).filter(|_| matches!(base.scheme(), "http" | "https"));
    let page = page.with_context(|| format!("--base: {base} is no address of a server"))?;
    let server = base.as_str().trim_end_matches('/');
    let fields = [("server", server), ("topic", room.topic.as_str())];
    let mut join = Url::parse_with_params("aside://join", fields)?;
    join.query_pairs_mut().append_pair("stream", room.stream.as_str());
    print(&format!("page\t{page}\njoin\t{join}"))?;
    if qr {
        let code = QrCode::new(page.as_str()).context("the link is too long for a code")?;
        // A terminal is dark, most of them: what is drawn there is the paper.
        let (ink, paper) = (Dense1x2::Light, Dense1x2::Dark);
        print(&code.render().dark_color(ink).light_color(paper).build())?;
    }
    Ok(())
}

async fn words(task: WordsTask) -> anyhow::Result<()> {
    let (args, add) = match task {
        WordsTask::List { data, topic } => {
            let words = data.rooms()?.words(&Topic::new(topic)).await?;
            return words.iter().try_for_each(|(lang, word)| print(&format!("{lang}\t{word}")));
        }
        WordsTask::Add(args) => (args, true),
        WordsTask::Remove(args) => (args, false),
    };
    let (rooms, topic) = (args.data.rooms()?, Topic::new(args.topic));
    let changed = rooms.change_words(&topic, &args.lang, &args.words, add).await?;
    print(&changed.to_string())
}
