//! The command line: what a first start does, and what a second start asks of the first.

use clap::{Args, Parser, Subcommand};

use crate::dto::RoomForm;

/// Keeps a live room beside you.
#[derive(Debug, Parser, PartialEq, Eq)]
#[command(name = "aside", version, about)]
pub(crate) struct Cli {
    /// Host a room in the app with a simulated audience, clearly labelled so.
    #[arg(long)]
    pub(crate) demo: bool,

    /// Start without a window; the tray or a second start shows it.
    #[arg(long, global = true)]
    pub(crate) hidden: bool,

    /// Started by the system as somebody signed in; without a window, if that is what a person chose.
    #[arg(long, hide = true)]
    pub(crate) with_system: bool,

    /// An `aside://` link: fills the join form. It never carries a token, and never joins by itself.
    #[arg(value_parser = link)]
    pub(crate) link: Option<String>,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// The longest link that is taken, in bytes.
const LINK_BYTES: usize = 8 * 1024;

/// Accepts a link that the join form could understand.
fn link(text: &str) -> Result<String, String> {
    let scheme = text.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("aside://"));
    if scheme && text.len() <= LINK_BYTES && !text.contains(char::is_whitespace) {
        Ok(text.to_owned())
    } else {
        Err("a link starts with aside://".to_owned())
    }
}

/// The first of the addresses that the system asks to open which the command line would take, too.
#[cfg(any(test, target_os = "macos"))]
pub(crate) fn first_link(urls: &[url::Url]) -> Option<String> {
    urls.iter().find_map(|url| link(url.as_str()).ok())
}

/// What to do beyond starting.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum Command {
    /// Open straight into a room.
    Join(Join),
}

/// A room to open.
#[derive(Args, Debug, PartialEq, Eq)]
pub(crate) struct Join {
    /// The server's base URL.
    #[arg(long)]
    server: String,
    /// The socket's URL; by default the server's, with the socket scheme and the path `/ws`.
    #[arg(long, default_value = "")]
    ws: String,
    /// The room's number on the socket.
    #[arg(long)]
    topic: String,
    /// The room's stream id.
    #[arg(long)]
    stream: String,
    /// The name to appear under.
    #[arg(long, default_value = "")]
    name: String,
    /// The user id.
    #[arg(long, default_value = "")]
    user: String,
    /// A picture's URL.
    #[arg(long, default_value = "")]
    avatar: String,
    /// The environment variable that holds the token. The token itself never stands on a command line.
    #[arg(long, value_name = "VAR")]
    pub(crate) token_env: Option<String>,
    /// Allow a connection without encryption to another machine.
    #[arg(long)]
    allow_insecure: bool,
}

impl Join {
    /// The same room as the join form would hold it.
    pub(crate) fn form(&self) -> RoomForm {
        RoomForm {
            server: self.server.clone(),
            socket: self.ws.clone(),
            topic: self.topic.clone(),
            stream: self.stream.clone(),
            name: self.name.clone(),
            user: self.user.clone(),
            avatar: self.avatar.clone(),
            allow_insecure: self.allow_insecure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_asks_to_open_is_checked_like_the_command_line() {
        let urls = |texts: &[&str]| -> Vec<url::Url> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        let link = "aside://join?server=https%3A%2F%2Frooms.example&topic=7";
        assert_eq!(first_link(&urls(&["file:///etc/passwd", link])).as_deref(), Some(link));
        let long = format!("aside://{}", "x".repeat(10_000));
        assert_eq!(first_link(&urls(&["https://rooms.example", &long])), None);
        assert_eq!(first_link(&[]), None);
    }

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_documented_lines_are_understood() {
        let plain =
            Cli { demo: false, hidden: false, with_system: false, link: None, command: None };
        assert_eq!(parse("aside").unwrap(), plain);
        let link = "aside://join?server=https%3A%2F%2Frooms.example&topic=7";
        assert_eq!(parse(&format!("aside {link}")).unwrap().link.as_deref(), Some(link));
        assert!(parse("aside --demo").unwrap().demo);
        assert!(parse("aside --demo --hidden").unwrap().hidden);

        let cli = parse(
            "aside join --server https://rooms.example --ws wss://rooms.example/live --topic 7 --stream s1 --name Ana \
             --user u1 --avatar https://rooms.example/a.png --token-env ROOM_TOKEN --hidden",
        )
        .unwrap();
        assert!(cli.hidden);
        let Some(Command::Join(join)) = cli.command else { panic!("no room") };
        assert_eq!(join.token_env.as_deref(), Some("ROOM_TOKEN"));
        let form = RoomForm {
            server: "https://rooms.example".to_owned(),
            socket: "wss://rooms.example/live".to_owned(),
            topic: "7".to_owned(),
            stream: "s1".to_owned(),
            name: "Ana".to_owned(),
            user: "u1".to_owned(),
            avatar: "https://rooms.example/a.png".to_owned(),
            allow_insecure: false,
        };
        assert_eq!(join.form(), form);
    }

    #[test]
    fn half_a_room_and_a_token_on_the_line_are_refused() {
        assert!(parse("aside join --server https://rooms.example --topic 7").is_err());
        assert!(parse("aside join --server s --topic t --stream s --token abc").is_err());
        assert!(parse("aside elsewhere").is_err());
        assert!(parse("aside https://rooms.example").is_err());
        assert!(parse(&format!("aside aside://{}", "x".repeat(10_000))).is_err());
        assert!(parse("aside 界界界").is_err(), "no boundary at the eighth byte");
    }
}
