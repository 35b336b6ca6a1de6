//! Tokens, and the users whom they are for.

use std::time::Duration;

use aside_protocol::{Role, Topic};
use aside_server::{TokenId, TokenInfo, TokenSpec};
use aside_text::printable;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::rooms::RoomArgs;
use crate::when::moment;
use crate::{Data, print};

#[derive(Debug, Subcommand)]
pub(crate) enum TokenTask {
    /// Make a token, and its room if there is none. The token is printed once and stored only as a hash.
    Create(Box<TokenArgs>),
    /// List tokens: name, room, role, user, end.
    List {
        #[command(flatten)]
        data: Data,
    },
    /// End a token; its open sockets are closed within seconds.
    Revoke {
        #[command(flatten)]
        data: Data,
        /// The token's name, as `token list` prints it.
        id: String,
    },
    /// Give a token another role; its open sockets come back with it within seconds.
    Role {
        #[command(flatten)]
        data: Data,
        /// The token's name.
        id: String,
        /// audience, staff, moderator or host.
        #[arg(value_parser = parse_role)]
        role: Role,
    },
    /// Give a token another end.
    Expire {
        #[command(flatten)]
        data: Data,
        /// The token's name.
        id: String,
        /// A time from now (8h, 2d), a date, a moment, or `never`.
        end: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    room: RoomArgs,
    /// audience, staff, moderator or host.
    #[arg(long, default_value = "audience", value_parser = parse_role)]
    role: Role,
    /// The id that stands in this token's entries.
    #[arg(long)]
    user: String,
    /// The name that stands there.
    #[arg(long)]
    name: String,
    /// The picture that stands there, as a URL.
    #[arg(long, default_value = "")]
    avatar: String,
    /// The organisation that staff answer for.
    #[arg(long, default_value = "")]
    org: String,
    /// That organisation's logo, as a URL.
    #[arg(long, default_value = "")]
    org_logo: String,
    /// When the token ends by itself: a time from now (8h, 2d), a date, or a moment.
    #[arg(long, value_parser = moment)]
    expires: Option<Timestamp>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserTask {
    /// List the users of tokens that are in force: room, user, name, role.
    List {
        #[command(flatten)]
        data: Data,
    },
    /// End every token of a user in a room, and print how many those were.
    Revoke {
        #[command(flatten)]
        data: Data,
        /// The room's topic (its number).
        #[arg(long = "room", alias = "topic")]
        topic: String,
        /// The user's id.
        user: String,
    },
    /// Let somebody of the audience not speak for a time (an hour, if none is given).
    Mute(MuteArgs),
    /// Let somebody speak again.
    Unmute(MuteArgs),
}

#[derive(Debug, Args)]
pub(crate) struct MuteArgs {
    #[command(flatten)]
    data: Data,
    /// The room's topic (its number).
    #[arg(long = "room", alias = "topic")]
    topic: String,
    /// The user's id, as entries name them.
    user: String,
    /// For how long: 10m, 8h, 2d, or until a moment.
    #[arg(long = "for", value_parser = moment)]
    until: Option<Timestamp>,
    /// Why, for the log.
    #[arg(long, default_value = "")]
    reason: String,
}

fn parse_role(word: &str) -> Result<Role, String> {
    Role::parse(word).ok_or_else(|| Role::ALL.map(Role::as_str).join(", "))
}

pub(crate) async fn token(task: TokenTask) -> anyhow::Result<()> {
    match task {
        TokenTask::Create(args) => {
            let rooms = args.data.rooms()?;
            let spec = TokenSpec {
                room: args.room.spec(&rooms).await?,
                role: args.role,
                user: args.user,
                display_name: args.name,
                avatar_url: args.avatar,
                org_name: args.org,
                org_logo: args.org_logo,
                expires: args.expires,
            };
            let issued = rooms.create_token(spec).await?;
            tracing::info!(id = issued.id.0.as_str(), "token made; it is shown this once");
            print(issued.token.expose())
        }
        TokenTask::List { data } => {
            for token in data.rooms()?.tokens().await? {
                let end = match (token.revoked, token.expires) {
                    (Some(at), _) => format!("revoked {at}"),
                    (None, Some(at)) => format!("expires {at}"),
                    (None, None) => "-".to_owned(),
                };
                let (id, role) = (&token.id.0, token.role.as_str());
                let [topic, user, name] = cells(&token);
                print(&format!("{id}\t{topic}\t{role}\t{user}\t{name}\t{end}"))?;
            }
            Ok(())
        }
        TokenTask::Revoke { data, id } => Ok(data.rooms()?.revoke_token(&TokenId(id)).await?),
        TokenTask::Role { data, id, role } => {
            Ok(data.rooms()?.set_role(&TokenId(id), role).await?)
        }
        TokenTask::Expire { data, id, end } => {
            let end = match end.as_str() {
                "never" => None,
                text => Some(moment(text).map_err(anyhow::Error::msg)?),
            };
            Ok(data.rooms()?.set_expiry(&TokenId(id), end).await?)
        }
    }
}

pub(crate) async fn user(task: UserTask) -> anyhow::Result<()> {
    match task {
        UserTask::List { data } => {
            let now = Timestamp::now();
            let mut lines: Vec<String> = data
                .rooms()?
                .tokens()
                .await?
                .into_iter()
                .filter(|token| token.holds(now))
                .map(|token| {
                    let [topic, user, name] = cells(&token);
                    format!("{topic}\t{user}\t{name}\t{}", token.role.as_str())
                })
                .collect();
            lines.sort_unstable();
            lines.dedup();
            lines.iter().try_for_each(|line| print(line))
        }
        UserTask::Revoke { data, topic, user } => {
            let ended = data.rooms()?.revoke_user(&Topic::new(topic), &user).await?;
            print(&ended.to_string())
        }
        UserTask::Mute(args) => {
            let left = args.until.map(|until| until.duration_since(Timestamp::now()));
            let time = left.map_or(Ok(HOUR), Duration::try_from)?;
            mute(args, time).await
        }
        UserTask::Unmute(args) => mute(args, Duration::ZERO).await,
    }
}

/// Whose token it is. Guests name themselves.
fn cells(token: &TokenInfo) -> [String; 3] {
    [token.topic.as_str(), &token.user, &token.display_name].map(printable)
}

const HOUR: Duration = Duration::from_secs(60 * 60);

async fn mute(args: MuteArgs, time: Duration) -> anyhow::Result<()> {
    let topic = Topic::new(args.topic);
    Ok(args.data.rooms()?.mute(&topic, &args.user, time, &args.reason).await?)
}
