//! The present window: the question that is talked about, large, on a second screen; approved text alone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aside_protocol::EntryId;
use aside_protocol::triage::{Change, Item, Stage, Work};
use aside_server::{RoomSpec, page_link};
use aside_session::{ServerFacts, Session, TriageError, Wish};
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

#[cfg(test)]
mod tests;

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
    /// What was answered aloud as the window turned on, the last one last: it leads back there.
    turned: Mutex<Vec<EntryId>>,
    wake: Arc<Notify>,
}

impl Default for Presenter {
    fn default() -> Self {
        let page = Page { room: None, blank: false, qr: true, size: 100 };
        Self { page: Mutex::new(page), turned: Mutex::default(), wake: Arc::default() }
    }
}

impl Presenter {
    fn page(&self) -> MutexGuard<'_, Page> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turned(&self) -> MutexGuard<'_, Vec<EntryId>> {
        self.turned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows this room, or none.
    fn show(&self, room: Option<RoomKey>) {
        let before = std::mem::replace(&mut self.page().room, room);
        if before != room {
            self.turned().clear();
        }
    }

    /// Forwards, what is on stage was answered there, as by the desk's own key; back, the last of those is open and on again.
    async fn turn(&self, session: &Session, device: &str, by: isize) -> Result<(), AppError> {
        let items = session.questions(0).await?.items;
        let wish = |item: &Item, change| {
            let (question, device) = (item.question_id.clone(), device.to_owned());
            session.triage(Wish { question, rev: Some(item.rev), device, change })
        };
        let on_stage = Change { stage: Some(Stage::Now), ..Change::default() };
        if by < 0
            && let Some(last) = self.last_turned(&items)
        {
            wish(last, Change { state: Some(Work::Open), ..on_stage }).await?;
            self.turned().pop();
            return Ok(());
        }
        let now = items.iter().find(|item| item.stage == Stage::Now && !item.work.is_over());
        if let Some(now) = now.filter(|_| by > 0) {
            let reason = Some("spoken".to_owned());
            let answered = Change { state: Some(Work::Answered), reason, ..Change::default() };
            match wish(now, answered).await {
                Ok(_) => self.turned().push(now.question_id.clone()),
                // Somebody was faster: what they did with it stands.
                Err(TriageError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if let Some(next) = target(&showable(items), by) {
            wish(next, on_stage).await?;
        }
        Ok(())
    }

    /// The last that was answered as the window turned on, and still is.
    fn last_turned<'a>(&self, items: &'a [Item]) -> Option<&'a Item> {
        let mut turned = self.turned();
        loop {
            let id = turned.last()?;
            let is_it = |item: &&Item| {
                item.question_id == *id && item.work == Work::Answered && item.reason == "spoken"
            };
            let Some(item) = items.iter().find(is_it) else {
                turned.pop();
                continue;
            };
            return Some(item);
        }
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
    presenter.show(Some(room));
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
    app.state::<Presenter>().show(None);
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
    let (shell, presenter) = (app.state::<Shell>(), app.state::<Presenter>());
    let room = presenter.page().room.ok_or(Code::RoomNotOpen)?;
    let live = shell.rooms.live(room).await?;
    presenter.turn(&live.session, &shell.device(), by).await
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
