//! The side window seen through: the text opaque, its background mixed with what lies behind, nothing of earlier rows left;
//! and what is said where the desktop or the web view cannot.

use std::process::Stdio;

use serde_json::json;

use crate::app::{App, until};
use crate::back::{OTHER, has_the_keyboard};
use crate::hidden::TITLE;
use crate::room::{Mode, Room, STREAM, TOPIC};
use crate::side::{IS_MAIN, IS_SIDE, SIDE};
use crate::stage::{Place, Stage};
use crate::through::{Below, lets_through};

/// Undoes what the stage tells the web view, which has OpenGL in software then.
const LAYERS: (&str, &str) = ("WEBKIT_DISABLE_DMABUF_RENDERER", "0");
const COMPOSITOR: &str = "xcompmgr";
const UNBLENDED: &str = "This desktop blends no windows now";
const UNDRAWN: &str = "The web view draws without OpenGL here";
/// So many pictures of rows pass before anybody judges what is left of them.
const ROWS: usize = 200;
/// How far a colour may be off, after two roundings.
const NEAR: i16 = 3;

type Colour = [u8; 3];

/// What the screen shows.
struct Picture {
    width: usize,
    pixels: Vec<Colour>,
}

impl Picture {
    fn take(stage: &Stage) -> Picture {
        let mut import = stage.command("import");
        let shot = import.args(["-window", "root", "-depth", "8", "ppm:-"]).output().unwrap();
        let mut words = shot.stdout.split(u8::is_ascii_whitespace);
        let mut number = || std::str::from_utf8(words.next().unwrap()).unwrap().parse::<usize>();
        assert!(number().is_err(), "the kind of file");
        let (width, height) = (number().unwrap(), number().unwrap());
        let (pixels, _) = shot.stdout[shot.stdout.len() - width * height * 3..].as_chunks::<3>();
        Picture { width, pixels: pixels.to_vec() }
    }

    fn at(&self, x: usize, y: usize) -> Colour {
        self.pixels[y * self.width + x]
    }

    /// Those of a part of the screen.
    fn part(&self, (x, y, width, height): Place) -> impl Iterator<Item = Colour> {
        (y..y + height).flat_map(move |row| (x..x + width).map(move |column| self.at(column, row)))
    }
}

fn is_near(one: Colour, other: Colour) -> bool {
    one.iter().zip(other).all(|(one, other)| (i16::from(*one) - i16::from(other)).abs() <= NEAR)
}

fn halfway(one: Colour, other: Colour) -> Colour {
    std::array::from_fn(|part| one[part].midpoint(other[part]))
}

/// What lies behind the left and the right half of the side window, and where the two halves are.
struct Behind {
    left: (Place, Colour),
    right: (Place, Colour),
}

impl Behind {
    /// White to the left, the empty desktop to the right; the window in front of both.
    async fn lay(stage: &Stage) -> Behind {
        stage.place_window(SIDE, (200, 100, 360, 600));
        until("the window is where it was put", || async {
            let (x, _, width, _) = stage.place_of(SIDE);
            (x < 380 && x + width > 420).then_some(())
        })
        .await;
        let (x, y, width, height) = stage.place_of(SIDE);
        let picture = Picture::take(stage);
        Behind {
            left: ((x, y, 360 - x, height), picture.at(x - 20, y + 200)),
            right: ((400, y, x + width - 400, height), picture.at(x + width + 20, y + 200)),
        }
    }

    fn halves(&self) -> [(Place, Colour); 2] {
        [self.left, self.right]
    }
}

fn start_compositor(stage: &mut Stage) {
    let mut compositor = stage.command(COMPOSITOR);
    stage.run_along_into(&mut compositor, Stdio::null());
}

fn end_compositor(stage: &Stage) {
    for process in stage.processes(COMPOSITOR) {
        let mut kill = stage.command("kill");
        assert!(kill.arg(process.to_string()).status().unwrap().success());
    }
}

/// A colour of the page's, by its name.
async fn colour(app: &App, name: &str) -> Colour {
    let body = "const paint = document.createElement('canvas').getContext('2d');
        paint.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(a);
        paint.fillRect(0, 0, 1, 1);
        return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3);";
    app.ask(body, json!([name])).await
}

/// The page without all that is on it, or whole again.
async fn bare_page(app: &App, bare: bool) {
    let body = "document.body.style.visibility = a ? 'hidden' : '';
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        return null;";
    app.ask::<serde_json::Value>(body, json!([bare])).await;
}

/// Waits until every pixel of both halves is what the background makes of what lies behind.
async fn shows(app: &App, behind: &Behind, what: &str, made_of: impl Fn(Colour) -> Colour) {
    bare_page(app, true).await;
    until(what, || async {
        let picture = Picture::take(&app.stage);
        let right = behind.halves().into_iter().all(|(place, colour)| {
            picture.part(place).all(|pixel| is_near(pixel, made_of(colour)))
        });
        right.then_some(())
    })
    .await;
    bare_page(app, false).await;
}

/// Whether the slider can be moved, and what is said instead where it cannot.
async fn slider_is(app: &App, free: bool, words: &str) {
    let body = "return all('input[type=range]').some((el) => named(el) === 'Background of the side window' && !el.disabled);";
    until(&format!("the slider can be moved: {free}"), || async {
        let now = app.ask::<bool>(body, json!([])).await;
        (now == free && app.words().await.contains(words)).then_some(())
    })
    .await;
}

async fn is_built_anew(app: &App, old: Option<String>) {
    until("the side window is built anew", || async {
        let now = app.stage.find(SIDE);
        (now.is_some() && now != old).then_some(())
    })
    .await;
}

async fn start(stage: Stage, room: &Room, env: &[(&str, &str)]) -> App {
    let url = room.url();
    let args = ["join", "--server", &url, "--topic", TOPIC, "--stream", STREAM, "--name", "Ana"];
    let args: Vec<&str> = args.into_iter().chain(["--token-env", "ANA_TOKEN"]).collect();
    let token = [("ANA_TOKEN", room.ana.expose())];
    let env: Vec<(&str, &str)> = token.into_iter().chain(env.iter().copied()).collect();
    App::start(stage, &args, &env).await
}

#[tokio::test]
async fn what_lies_behind_the_side_window_shows_through_its_background_alone() {
    let room = Room::open(Mode::Full).await;
    let mut stage = Stage::set("what_lies_behind_the_side_window_shows_through");
    let mut white = stage.command("xev");
    white.args(["-geometry", "380x900+0+0", "-event", "button"]);
    stage.run_along_into(&mut white, Stdio::null());
    let mut app = start(stage, &room, &[LAYERS]).await;
    app.becomes(&["online"]).await;
    app.choose(json!({ "theme": "dark", "sideOpacity": 50 })).await;
    app.press("Side window").await;
    app.press("Settings").await;
    slider_is(&app, false, UNBLENDED).await;
    let old = app.stage.find(SIDE);
    start_compositor(&mut app.stage);
    slider_is(&app, true, "The text stays opaque.").await;
    is_built_anew(&app, old).await;
    app.stage.place_window(TITLE, (900, 100, 600, 700));

    app.turn_to("the side window's page", IS_SIDE).await;
    for row in 0..ROWS {
        room.say(&format!("row {row}, which moves on and is to leave nothing behind")).await;
    }
    let last = format!("row {}, ", ROWS - 1);
    app.row(&[&last]).await;
    let behind = Behind::lay(&app.stage).await;
    assert!(!is_near(behind.left.1, behind.right.1), "{:?}", behind.halves().map(|half| half.1));
    let (ground, text) = (colour(&app, "--bg").await, colour(&app, "--text").await);
    until("the text is opaque", || async {
        let picture = Picture::take(&app.stage);
        let opaque = |(place, _)| picture.part(place).filter(|pixel| is_near(*pixel, text)).count();
        behind.halves().into_iter().map(opaque).all(|pixels| pixels > 200).then_some(())
    })
    .await;
    shows(&app, &behind, "nothing is left of earlier rows", |colour| halfway(colour, ground)).await;

    // What blends windows goes, and comes back.
    app.turn_to("the whole window's page", IS_MAIN).await;
    for (here, words) in [(false, UNBLENDED), (true, "The text stays opaque.")] {
        let old = app.stage.find(SIDE);
        if here {
            start_compositor(&mut app.stage);
        } else {
            end_compositor(&app.stage);
        }
        slider_is(&app, here, words).await;
        is_built_anew(&app, old).await;
        app.turn_to("the side window's page", IS_SIDE).await;
        app.row(&[&last]).await;
        let made_of = |colour| if here { halfway(colour, ground) } else { ground };
        shows(&app, &behind, &format!("one sees through it: {here}"), made_of).await;
        app.turn_to("the whole window's page", IS_MAIN).await;
    }

    // The same room where the web view is told to draw without.
    let app = App::start(app.quit().await, &[], &[]).await;
    app.turn_to("the whole window's page", IS_MAIN).await;
    app.press("Settings").await;
    slider_is(&app, false, UNDRAWN).await;
    app.turn_to("the side window's page", IS_SIDE).await;
    app.row(&[&last]).await;
    shows(&app, &behind, "it is opaque", |_| ground).await;
}

#[tokio::test]
async fn a_side_window_that_is_built_anew_stands_as_it_stood() {
    let room = Room::open(Mode::Full).await;
    let mut stage = Stage::set("a_side_window_that_is_built_anew_stands_as_it_stood");
    start_compositor(&mut stage);
    let _below = Below::lay(&mut stage);
    let mut app = start(stage, &room, &[LAYERS]).await;
    app.becomes(&["online"]).await;
    app.choose(json!({ "sideOpacity": 50 })).await;
    app.press("Side window").await;
    app.stage.place_window(TITLE, (900, 100, 600, 700));
    app.turn_to("the side window's page", IS_SIDE).await;
    app.stage.place_window(SIDE, (200, 100, 360, 600));
    app.press("Let clicks through").await;
    lets_through(&app, true).await;

    for (here, minimized) in [(false, false), (true, false), (false, true)] {
        app.turn_to("the whole window's page", IS_MAIN).await;
        if minimized {
            app.stage.minimize(SIDE);
            until("it is minimised", || async { app.stage.is_minimized(SIDE).then_some(()) }).await;
        }
        app.stage.activate(OTHER);
        has_the_keyboard(&app, OTHER).await;
        let old = app.stage.find(SIDE);
        if here {
            start_compositor(&mut app.stage);
        } else {
            end_compositor(&app.stage);
        }
        is_built_anew(&app, old).await;
        let stands = (app.stage.active(), app.stage.is_minimized(SIDE));
        assert_eq!(stands, (OTHER.to_owned(), minimized), "blended: {here}");
        app.turn_to("the side window's page", IS_SIDE).await;
        // As it takes them, it says so.
        lets_through(&app, false).await;
    }
    app.driver.close().await;
}
