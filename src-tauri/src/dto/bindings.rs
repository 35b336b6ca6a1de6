//! Writes `ui/src/bridge/dto.ts` from the types above, or says that the committed file is behind them.

use std::path::Path;

use ts_rs::{Config, TS};

use crate::errors::AppError;

use super::desk::{Review, Stage, Work};
use super::settings::Density;
use super::*;

/// Set to anything, it makes the test write the file instead of comparing it (`cargo xtask bindings`).
const WRITE: &str = "ASIDE_WRITE_BINDINGS";

macro_rules! declarations {
    ($config:expr, $($name:ty),+ $(,)?) => {
        [$((<$name>::docs(), <$name>::decl($config))),+]
    };
}

fn typescript() -> String {
    // Every whole number that we send is below 2^53.
    let config = Config::new().with_large_int("number");
    let types = declarations!(
        &config,
        AppError,
        ConnectionState,
        Connection,
        Role,
        Recovery,
        RoomStatus,
        RoomForm,
        TokenStore,
        SavedRoom,
        Reach,
        HostForm,
        HostPlaces,
        HostState,
        HostLink,
        KeyRole,
        HostKey,
        KeyWish,
        Hosting,
        Theme,
        CloseChoice,
        Density,
        StreamerMode,
        Proxy,
        Settings,
        Notice,
        Boot,
        RowKind,
        Delivery,
        Standing,
        GapState,
        Colour,
        Sound,
        Said,
        When,
        Effect,
        Rule,
        Rules,
        RuleFault,
        Fit,
        Tried,
        Ruled,
        Row,
        Page,
        Changes,
        Reading,
        PullWish,
        Pull,
        Anchor,
        SendMode,
        Draft,
        CloseAction,
        Undone,
        UndoneQuestion,
        QuitChoice,
        Spot,
        Moment,
        ShowRoom,
        SeeThrough,
        WindowLook,
        Named,
        SavedView,
        Stand,
        WhichWindow,
        Transcripts,
        HotkeyAction,
        Hotkeys,
        PersonCard,
        Lane,
        Person,
        Claim,
        Doing,
        Presence,
        Review,
        Work,
        Stage,
        Question,
        Missed,
        QuestionChanges,
        DeskKind,
        DeskStatus,
        Visibility,
        AnswerDelivery,
        Leaving,
        Unsent,
        ThreadAnswer,
        LogLine,
        Thread,
        Spoken,
        Step,
        Held,
        QuestionDraft,
        Snippet,
        Hit,
        SearchPage,
        Numbers,
        PersonNumbers,
        ExportFormat,
        ExportState,
        ExportProgress,
        Exported,
        OrderStatus,
        Removing,
        NotRemoved,
        MutedPerson,
        Moderation,
        Deed,
        Deeds,
        Presented,
        PresentedQuestion,
        PresentStep,
        Painted,
        OverlayPart,
        OverlayState,
        Overlay,
    );
    let mut text =
        "// What the page and the shell say to each other. Written by `cargo xtask bindings` from \
                    src-tauri/src/dto.rs; do not edit.\n"
            .to_owned();
    for (docs, declaration) in types {
        text.push('\n');
        text.push_str(&docs.unwrap_or_default());
        text.push_str("export ");
        text.push_str(&declaration);
        text.push('\n');
    }
    text
}

#[test]
fn the_committed_typescript_is_up_to_date() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/src/bridge/dto.ts");
    let wanted = typescript();
    if std::env::var_os(WRITE).is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, wanted).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        found == wanted,
        "{} is behind src-tauri/src/dto.rs: run `cargo xtask bindings`",
        file.display()
    );
}
