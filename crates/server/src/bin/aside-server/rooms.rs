//! Rooms, and what they do with what is asked.

use aside_protocol::{StreamId, Topic};
use aside_server::RoomSpec;
use clap::{Args, Subcommand};

use crate::{Data, print};

#[derive(Debug, Args)]
pub(crate) struct RoomArgs {
    /// The room's topic (its number).
    #[arg(long = "room", alias = "topic")]
    topic: String,
    /// The room's stream id; the topic, if absent.
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}

impl RoomArgs {
    pub(crate) fn spec(self) -> RoomSpec {
        let spec = RoomSpec::new(self.topic);
        match self.stream {
            Some(stream) => RoomSpec { stream: StreamId::new(stream), ..spec },
            None => spec,
        }
    }
}

pub(crate) async fn room(task: RoomTask) -> anyhow::Result<()> {
    match task {
        RoomTask::Create { data, room } => {
            let made = data.rooms()?.create_room(room.spec()).await?;
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
    }
}
