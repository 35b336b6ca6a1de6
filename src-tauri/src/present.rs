//! The present window: the question that is talked about, large, on a second screen; approved text alone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aside_protocol::triage::{Change, Item, Stage, Work};
use aside_server::{RoomSpec, page_link};
use aside_session::{ServerFacts, Wish};
use aside_text::{body, name};
use tauri::webview::{NewWindowResponse, PermissionResponse, WebviewWindowBuilder};
use tauri::{AppHandle, Emitter, Manager, WebviewUrl};
use tokio::sync::Notify;
use url::Url;

use crate::diagnostic;
use crate::dto::{PresentStep, Presented, PresentedQuestion};
use crate::errors::{AppError, Code};
use crate::host::{self, Hosts};
use crate::qr;
use crate::settings::RoomKey;
use crate::shell::Shell;
use crate::windows;

/// The window's name.
pub(crate) const PRESENT: &str = "present";

/// An audience need not see more changes than that.
const EVERY: Duration = Duration::from_millis(100);

/// The sizes that a hall and a desk can use, in per cent, and a step between them.
const SIZES: std::ops::RangeInclusive<u16> = 50..=200;
const SIZE_STEP: u16 = 10;

/// What the window shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Page {
    room: Option<RoomKey>,
    blank: bool,
    qr: bool,
    size: u16,
}

/// What is known of the window.
pub(crate) struct Presenter {
    page: Mutex<Page>,
    wake: Arc<Notify>,
}

impl Default for Presenter {
    fn default() -> Self {
        let page = Page { room: None, blank: false, qr: true, size: 100 };
        Self { page: Mutex::new(page), wake: Arc::default() }
    }
}

impl Presenter {
    fn page(&self) -> MutexGuard<'_, Page> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the window's page when something could look different.
    pub(crate) fn waker(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }
}

/// Whether something is being shown to an audience: what is private stays off the screens meanwhile.
pub(crate) fn is_open(app: &AppHandle) -> bool {
    app.get_webview_window(PRESENT).is_some()
}

/// Tells the window that something changed, for as long as the app runs.
pub(crate) async fn keep_up(app: AppHandle, wake: Arc<Notify>) {
    loop {
        wake.notified().await;
        if is_open(&app) {
            // A page that is being built asks by itself.
            let _unheard = app.emit_to(PRESENT, "tick", ());
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Shows the window on a screen that the main window is not on, if there is one.
///
/// # Errors
/// When the system does not let it be built.
pub(crate) fn open(app: &AppHandle, room: RoomKey) -> tauri::Result<()> {
    let presenter = app.state::<Presenter>();
    presenter.page().room = Some(room);
    app.state::<Shell>().rooms.set_pace(Duration::ZERO);
    presenter.wake.notify_one();
    if let Some(window) = app.get_webview_window(PRESENT) {
        window.show()?;
        return window.set_focus();
    }
    let shell = app.state::<Shell>();
    let theme = shell.remembered.read(|memory| memory.settings.theme);
    let mut builder = WebviewWindowBuilder::new(app, PRESENT, WebviewUrl::App("index.html".into()))
        .title("Aside")
        .inner_size(960.0, 540.0)
        .min_inner_size(320.0, 180.0)
        .theme(windows::theme(theme))
        .data_directory(shell.home.webview())
        .disable_drag_drop_handler()
        .on_navigation(windows::is_ours)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .on_permission_request(|_, _| PermissionResponse::Deny);
    if let Some((x, y)) = other_screen(app) {
        builder = builder.position(x, y).fullscreen(true);
    }
    builder.build()?;
    Ok(())
}

/// The corner of a screen that the main window is not on, in logical pixels.
fn other_screen(app: &AppHandle) -> Option<(f64, f64)> {
    let here = windows::RoomWindow::Main.find(app)?.current_monitor().ok()??;
    let screens = app.available_monitors().ok()?;
    let other = screens.iter().find(|screen| screen.position() != here.position())?;
    let corner = other.position().to_logical(other.scale_factor());
    Some((corner.x, corner.y))
}

/// Closes the window.
pub(crate) fn close(app: &AppHandle) {
    app.state::<Presenter>().page().room = None;
    if let Some(window) = app.get_webview_window(PRESENT)
        && let Err(error) = window.destroy()
    {
        tracing::warn!(%error, "the present window could not be closed");
    }
}

/// The questions that may be shown, by number.
fn showable(items: Vec<Item>) -> Vec<Item> {
    let open = |item: &Item| item.stage != Stage::None || !item.work.is_over();
    let shows = |item: &Item| open(item) && item.work != Work::Merged && !item.is_submission();
    items.into_iter().filter(shows).collect()
}

/// Does what a key of the window says.
///
/// # Errors
/// When nothing is presented, or the server refuses the change.
pub(crate) async fn step(app: &AppHandle, step: PresentStep) -> Result<(), AppError> {
    let presenter = app.state::<Presenter>();
    let by = {
        let mut page = presenter.page();
        match step {
            PresentStep::Next => Some(1),
            PresentStep::Back => Some(-1),
            PresentStep::Blank => {
                page.blank = !page.blank;
                None
            }
            PresentStep::Qr => {
                page.qr = !page.qr;
                None
            }
            PresentStep::Bigger => {
                page.size = (page.size + SIZE_STEP).min(*SIZES.end());
                None
            }
            PresentStep::Smaller => {
                page.size = (page.size - SIZE_STEP).max(*SIZES.start());
                None
            }
        }
    };
    if let Some(by) = by {
        turn(app, by).await?;
    }
    presenter.wake.notify_one();
    Ok(())
}

async fn turn(app: &AppHandle, by: isize) -> Result<(), AppError> {
    let shell = app.state::<Shell>();
    let room = app.state::<Presenter>().page().room.ok_or(Code::RoomNotOpen)?;
    let live = shell.rooms.live(room).await?;
    let items = showable(live.session.questions(0).await?.items);
    let Some(item) = target(&items, by) else { return Ok(()) };
    let wish = Wish {
        question: item.question_id.clone(),
        rev: Some(item.rev),
        device: shell.device(),
        change: Change { stage: Some(Stage::Now), ..Change::default() },
    };
    live.session.triage(wish).await?;
    Ok(())
}

/// What comes into sight: forwards what was staged as the next, else the neighbour by number; nothing at either end.
fn target(items: &[Item], by: isize) -> Option<&Item> {
    let now = items.iter().position(|item| item.stage == Stage::Now);
    let next = items.iter().find(|item| item.stage == Stage::Next);
    match (now, next) {
        (_, Some(next)) if by > 0 => Some(next),
        (Some(now), _) => items.get(now.checked_add_signed(by)?),
        (None, _) => items.first(),
    }
}

/// What the window shows now.
///
/// # Errors
/// When nothing is presented, or the room is not open.
pub(crate) async fn presented(app: &AppHandle) -> Result<Presented, AppError> {
    let shell = app.state::<Shell>();
    let page = *app.state::<Presenter>().page();
    let room = page.room.ok_or(Code::RoomNotOpen)?;
    let live = shell.rooms.live(room).await?;
    let items = showable(live.session.questions(0).await?.items);
    let now = items.iter().position(|item| item.stage == Stage::Now);
    let hosted = host::page(&shell, &app.state::<Hosts>(), room);
    let link = hosted.or_else(|| {
        let room = shell.remembered.read(|memory| memory.room(room).cloned())?;
        page_of(&live.server, &live.session.watch().borrow().facts, &host::spec(&room))
    });
    let link = link.filter(is_reached).map_or_else(String::new, |link| link.to_string());
    let (qr, qr_size) = if page.qr && !link.is_empty() { qr::code(&link) } else { (None, 0) };
    Ok(Presented {
        question: now.map(|now| PresentedQuestion {
            text: body(&items[now].text).into_owned(),
            asker: name(&items[now].asker.display_name),
            number: items[now].number,
        }),
        position: now.map_or(0, |now| short(now + 1)),
        total: short(items.len()),
        blank: page.blank,
        qr,
        qr_size,
        link,
        size: page.size,
        room: room.to_string(),
        label: name(&shell.label(room)),
    })
}

/// Where a room that is hosted elsewhere has the audience's page; other servers have none.
fn page_of(server: &Url, facts: &ServerFacts, room: &RoomSpec) -> Option<Url> {
    let ours = facts.server.starts_with("aside-server/") && !facts.core_only;
    // Behind a path of a proxy's, nobody finds the page.
    let page = ours && server.path() == "/";
    page.then(|| page_link(server, room))?
}

/// The audience comes from other computers.
fn is_reached(link: &Url) -> bool {
    !diagnostic::is_here(link)
}

fn short(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use aside_protocol::triage::Review;

    use super::*;

    fn item(number: u64, work: Work, stage: Stage) -> Item {
        let json = serde_json::json!({
            "questionId": number.to_string(), "seq": number, "number": number, "rev": 1, "change": number, "text": "why",
            "asker": {}, "askedAt": 0, "work": work, "stage": stage,
        });
        serde_json::from_value(json).unwrap()
    }

    fn shown(items: &[Item], by: isize) -> Option<u64> {
        target(items, by).map(|item| item.number)
    }

    #[test]
    fn what_is_over_is_not_shown_unless_it_is_on_stage() {
        let items = vec![
            item(1, Work::Answered, Stage::None),
            item(2, Work::Answered, Stage::Now),
            item(3, Work::Merged, Stage::Now),
            item(4, Work::Claimed, Stage::None),
            item(5, Work::Dismissed, Stage::None),
            Item { review: Review::Pending, ..item(6, Work::Open, Stage::None) },
        ];
        let numbers: Vec<u64> = showable(items).iter().map(|item| item.number).collect();
        assert_eq!(numbers, [2, 4]);
    }

    #[test]
    fn the_audience_is_led_to_a_page_that_is_there() {
        let ours = ServerFacts {
            core_only: false,
            server: "aside-server/0.1.0".to_owned(),
            ..ServerFacts::default()
        };
        let room = RoomSpec::new("8001").stream("s1");
        let link = |server: &str, facts: &ServerFacts| {
            let link = page_of(&Url::parse(server).unwrap(), facts, &room).filter(is_reached);
            link.map(|link| link.to_string())
        };
        let page = "https://rooms.example.org/r/8001/s1";
        assert_eq!(link("https://rooms.example.org/", &ours).as_deref(), Some(page));
        assert_eq!(link("https://rooms.example.org/", &ServerFacts::default()), None);
        let other = ServerFacts { server: "other/2".to_owned(), ..ours.clone() };
        assert_eq!(link("https://rooms.example.org/", &other), None);
        assert_eq!(link("https://rooms.example.org/below/", &ours), None, "the page is at the top");
        for here in ["http://127.0.0.1:8790/", "http://localhost:8790/", "http://[::1]:8790/"] {
            assert_eq!(link(here, &ours), None, "{here}");
        }
    }

    #[test]
    fn the_next_is_the_staged_one_else_the_neighbour() {
        let open = |number| item(number, Work::Open, Stage::None);
        let mut items = vec![open(1), open(2), open(3)];
        assert_eq!(shown(&items, 1), Some(1));
        items[0].stage = Stage::Now;
        assert_eq!((shown(&items, 1), shown(&items, -1)), (Some(2), None));
        items[2].stage = Stage::Next;
        assert_eq!(shown(&items, 1), Some(3));
        items[2].stage = Stage::Now;
        items[0].stage = Stage::None;
        assert_eq!((shown(&items, 1), shown(&items, -1)), (None, Some(2)));
        assert_eq!(shown(&[], 1), None);
    }
}
