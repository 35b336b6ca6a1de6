//! Rooms that are hosted, as a person does it: made, changed, stopped, found again by the next start, removed.

use aside_history::{
    Anchor, Draft, DraftMode, LocalId, NewOutgoing, OutgoingBody, OutgoingState, RoomId, Snippet,
};
use aside_protocol::Seq;
use aside_server::NewEntry;
use tempfile::TempDir;
use tokio::net::TcpStream;

use super::*;
use crate::dto::{ConnectionState, HostState, KeyRole, KeyWish, Reach, RoomForm};
use crate::quitting::tests::undone;
use crate::rows;
use crate::shell::tests::{keyring, shell_at};

mod told;

/// Long enough for a busy machine.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

struct Desk {
    home: TempDir,
    shell: Shell,
    hosts: Hosts,
}

impl Desk {
    fn set() -> Self {
        Self::at(tempfile::tempdir().unwrap())
    }

    fn at(home: TempDir) -> Self {
        let shell = shell_at(home.path(), &keyring(), || ());
        Self { home, shell, hosts: Hosts::default() }
    }

    /// The next start of the app, with nothing but the files of this one.
    async fn restarted(self) -> Self {
        self.shell.rooms.close().await;
        stop_all(&self.hosts).await;
        let Self { home, shell, .. } = self;
        drop(shell);
        let desk = Self::at(home);
        start_all(&desk.shell, &desk.hosts).await;
        desk
    }

    async fn host(&self, form: HostForm) -> RoomKey {
        host(&self.shell, &self.hosts, None, form).await.unwrap()
    }

    async fn look(&self, key: RoomKey) -> Hosting {
        look(&self.shell, &self.hosts, key).await.unwrap()
    }

    async fn is_online(&self, key: RoomKey) {
        let live = self.shell.rooms.live(key).await.unwrap();
        let mut view = live.session.watch();
        let is_online = |state: ConnectionState| state == ConnectionState::Online;
        let online = view.wait_for(|view| is_online(rows::status(key, view).connection.state));
        tokio::time::timeout(PATIENCE, online).await.unwrap().unwrap();
    }
}

fn form() -> HostForm {
    HostForm {
        name: " 问答 ".to_owned(),
        host: "Ann".to_owned(),
        org: "Org".to_owned(),
        guests: true,
        ..HostForm::default()
    }
}

#[tokio::test]
async fn a_hosted_room_comes_back_where_it_was_with_what_was_said() {
    let desk = Desk::set();
    let key = desk.host(HostForm { review: true, ..form() }).await;
    desk.is_online(key).await;
    let before = desk.look(key).await;
    assert_eq!((before.state, before.form.name.as_str()), (HostState::Running, "问答"));
    assert!(before.form.review && before.listening.starts_with("127.0.0.1:"));
    assert_eq!(before.keys, [], "the app's own way in is nobody's key");
    let (room, _) = saved(&desk.shell, key).unwrap();
    let topic = Topic::new(&room.form.topic);
    let link = &before.links[0].url;
    assert_eq!(*link, format!("http://{}/r/{topic}", before.listening));
    let token = desk.shell.secrets.find(key).await.unwrap().unwrap();
    let rooms = desk.hosts.rooms(key).unwrap();
    rooms.publish(&topic, NewEntry::message("bo", "Bo", "hello")).await.unwrap();

    let desk = desk.restarted().await;
    desk.is_online(key).await;
    let after = desk.look(key).await;
    assert_eq!((&after.links, &after.form), (&before.links, &before.form));
    let rooms = desk.hosts.rooms(key).unwrap();
    assert_eq!(rooms.entries(&topic, Seq(0), 10).await.unwrap()[0].body().text(), "hello");
    let live = desk.shell.rooms.live(key).await.unwrap();
    assert_eq!(live.session.page(Anchor::End, 9).await.unwrap().rows.len(), 1);
    let renewed = desk.shell.secrets.find(key).await.unwrap().unwrap();
    assert_ne!(token.expose(), renewed.expose());
    let holding = rooms.tokens().await.unwrap().into_iter().filter(|token| token.revoked.is_none());
    assert_eq!(holding.count(), 1, "what was made for an earlier run opens nothing");
    let settings = std::fs::read_to_string(desk.shell.home.settings()).unwrap();
    assert!(!settings.contains(renewed.expose()));
}

#[tokio::test]
async fn what_is_stopped_stays_so_until_somebody_starts_it() {
    let desk = Desk::set();
    let key = desk.host(form()).await;
    let address = desk.look(key).await.listening;
    stop(&desk.shell, &desk.hosts, key).await.unwrap();
    assert!(TcpStream::connect(&address).await.is_err());
    let desk = desk.restarted().await;
    let stopped = desk.look(key).await;
    assert_eq!((stopped.state, stopped.links.len()), (HostState::Stopped, 0));
    assert_eq!(desk.shell.rooms.status(key), None);
    start(&desk.shell, &desk.hosts, key).await.unwrap();
    assert_eq!(desk.look(key).await.listening, address);
    let data = desk.shell.home.hosted(key);
    assert!(data.exists());
    remove(&desk.shell, &desk.hosts, key).await.unwrap();
    assert!(!data.exists());
    assert!(TcpStream::connect(&address).await.is_err());
    assert_eq!(look(&desk.shell, &desk.hosts, key).await.unwrap_err().code(), "room_unknown");
}

#[tokio::test]
async fn a_room_that_is_to_run_is_found_before_the_start_has_come_to_it() {
    let desk = Desk::set();
    let (first, second) = (desk.host(form()).await, desk.host(form()).await);
    stop(&desk.shell, &desk.hosts, first).await.unwrap();
    desk.shell.rooms.close().await;
    stop_all(&desk.hosts).await;
    let Desk { home, shell, .. } = desk;
    drop(shell);
    let desk = Desk::at(home);
    find(&desk.shell, &desk.hosts, second).await.unwrap();
    desk.shell.open(second).await.unwrap();
    desk.is_online(second).await;
    let stopped = find(&desk.shell, &desk.hosts, first).await.unwrap_err();
    assert_eq!(stopped.code(), "hosting_stopped", "nobody has started it");
    start_all(&desk.shell, &desk.hosts).await;
    assert_eq!(desk.shell.notices(), []);
    stop(&desk.shell, &desk.hosts, second).await.unwrap();
    let stopped = find(&desk.shell, &desk.hosts, second).await.unwrap_err();
    assert_eq!(stopped.code(), "hosting_stopped", "a look does not start it again");
}

#[tokio::test]
async fn a_change_that_cannot_be_leaves_the_room_as_it_runs() {
    let desk = Desk::set();
    let key = desk.host(form()).await;
    let before = desk.look(key).await;
    let other = serving::listen(Ipv4Addr::LOCALHOST, 0).await.unwrap();
    let guest = TcpStream::connect(&before.listening).await.unwrap();
    let taken = HostForm { port: other.local_addr().unwrap().port(), ..before.form.clone() };
    let error = host(&desk.shell, &desk.hosts, Some(key), taken).await.unwrap_err();
    assert_eq!(error.code(), "port_taken");
    let cut = guest.try_read(&mut [0]).map_err(|error| error.kind());
    assert_eq!(cut, Err(std::io::ErrorKind::WouldBlock), "nobody is cut off");
    desk.is_online(key).await;
    assert_eq!(desk.look(key).await.listening, before.listening);
    for wrong in [
        HostForm { name: " ".to_owned(), ..form() },
        HostForm { host: String::new(), ..form() },
        HostForm { logo: "http://example.org/logo.png".to_owned(), ..form() },
        HostForm { reach: Reach::Public { url: "room.example".to_owned() }, ..form() },
    ] {
        assert!(host(&desk.shell, &desk.hosts, None, wrong).await.is_err());
    }
    let (room, _) = saved(&desk.shell, key).unwrap();
    let elsewhere = RoomForm { server: "https://room.example".to_owned(), ..room.form };
    let moved = desk.shell.save(Some(key), elsewhere, None).await;
    assert_eq!(moved.unwrap_err().code(), "not_offered", "its token goes nowhere else");
    let changed = HostForm { org: "Other".to_owned(), guests: false, ..before.form };
    host(&desk.shell, &desk.hosts, Some(key), changed.clone()).await.unwrap();
    desk.is_online(key).await;
    assert_eq!(desk.look(key).await.form, changed);
}

#[tokio::test]
async fn a_room_whose_change_cannot_be_kept_is_entered_again() {
    let desk = Desk::set();
    let key = desk.host(form()).await;
    desk.is_online(key).await;
    let before = desk.look(key).await;
    let file = desk.home.path().join("settings.json");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir_all(file.join("in the way")).unwrap();
    let other = HostForm { org: "Other".to_owned(), ..before.form.clone() };
    let error = host(&desk.shell, &desk.hosts, Some(key), other).await.unwrap_err();
    assert_eq!(error.code(), "settings_not_saved");
    assert_eq!(desk.look(key).await.form, before.form);
    desk.is_online(key).await;
}

/// What a person wrote that the server does not have.
async fn written(desk: &Desk, room: RoomId) -> (String, Vec<String>, usize) {
    let store = desk.shell.rooms.store();
    let draft = store.draft(room, "composer").await.unwrap().map_or(String::new(), |d| d.text);
    let of_room = |snippet: Snippet| (snippet.room == Some(room)).then_some(snippet.text);
    let snippets = store.snippets().await.unwrap().into_iter().filter_map(of_room).collect();
    let outbox = store.outbox(room).await.unwrap();
    let failed = |state: &OutgoingState| matches!(state, OutgoingState::Failed { .. });
    (draft, snippets, outbox.iter().filter(|item| failed(&item.state)).count())
}

#[tokio::test]
async fn what_was_written_moves_with_a_room_to_another_port() {
    let desk = Desk::set();
    let key = desk.host(form()).await;
    desk.is_online(key).await;
    let (saved_as, _) = saved(&desk.shell, key).unwrap();
    let topic = Topic::new(&saved_as.form.topic);
    let hello = NewEntry::message("bo", "Bo", "hello");
    desk.hosts.rooms(key).unwrap().publish(&topic, hello).await.unwrap();
    let (store, now) = (desk.shell.rooms.store().clone(), jiff::Timestamp::now());
    let room = desk.shell.rooms.live(key).await.unwrap().session.room();
    let draft = Draft { text: "begun".to_owned(), mode: DraftMode::Message, updated: now };
    store.set_draft(room, "composer", draft).await.unwrap();
    let (name, text) = ("n".to_owned(), "often".to_owned());
    let snippet = Snippet { id: uuid::Uuid::now_v7(), room: Some(room), name, text };
    store.save_snippet(snippet).await.unwrap();
    let id = LocalId::new(now, [1; 10]);
    let body = OutgoingBody::Message { text: "refused".to_owned() };
    store.enqueue(room, NewOutgoing { id, body, created: now }).await.unwrap();
    let refused = OutgoingState::Failed { code: "413".to_owned(), reason: String::new() };
    store.set_outgoing(id, refused).await.unwrap();
    let before = written(&desk, room).await;
    assert_eq!(before, ("begun".to_owned(), vec!["often".to_owned()], 1));

    let free = serving::listen(Ipv4Addr::LOCALHOST, 0).await.unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let moved = HostForm { port, ..desk.look(key).await.form };
    host(&desk.shell, &desk.hosts, Some(key), moved).await.unwrap();
    desk.is_online(key).await;
    let session = desk.shell.rooms.live(key).await.unwrap().session;
    assert_eq!(written(&desk, session.room()).await, before);
    let rows = session.page(Anchor::End, 9).await.unwrap().rows;
    let texts = rows.iter().filter_map(|row| Some(row.entry()?.entry.content.clone()));
    assert_eq!(texts.collect::<Vec<_>>(), ["hello", "refused"]);
}

#[tokio::test]
async fn who_reaches_a_room_is_as_its_host_chose() {
    let desk = Desk::set();
    let key = desk.host(HostForm { reach: Reach::Network, ..form() }).await;
    let near = desk.look(key).await;
    assert!(near.listening.starts_with("0.0.0.0:"), "{}", near.listening);
    let addresses = reach::addresses();
    assert_eq!(near.links.len(), addresses.len());
    for (link, address) in near.links.iter().zip(addresses) {
        let at = format!("http://{address}:{}/r/", near.form.port);
        assert!(link.url.starts_with(&at) && link.qr.is_some(), "{link:?}");
    }
    let far = Reach::Public { url: "https://room.example".to_owned() };
    let form = HostForm { reach: far, ..near.form };
    host(&desk.shell, &desk.hosts, Some(key), form).await.unwrap();
    let far = desk.look(key).await;
    assert!(far.listening.starts_with("127.0.0.1:"), "{}", far.listening);
    let (room, _) = saved(&desk.shell, key).unwrap();
    let topic = &room.form.topic;
    assert_eq!(far.links[0].url, format!("https://room.example/r/{topic}"));
    let invitation =
        format!("aside://join?server=https%3A%2F%2Froom.example&topic={topic}&stream={topic}");
    assert_eq!(far.invitation, invitation);
    // As a proxy passes a browser on.
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for (name, known) in [("room.example", true), ("other.example", false)] {
        let page = client.get(format!("http://{}/r/{topic}", far.listening));
        let status = page.header("host", name).send().await.unwrap().status().as_u16();
        assert_eq!(status != 421, known, "{name}");
    }
}

#[tokio::test]
async fn a_port_that_is_taken_at_the_start_is_said_and_can_be_tried_again() {
    let desk = Desk::set();
    let key = desk.host(form()).await;
    let port = desk.look(key).await.form.port;
    desk.shell.rooms.close().await;
    stop_all(&desk.hosts).await;
    let in_the_way = serving::listen(Ipv4Addr::LOCALHOST, port).await.unwrap();
    let desk = desk.restarted().await;
    assert_eq!(desk.look(key).await.state, HostState::PortTaken);
    assert_eq!(desk.shell.boot().notices[0].code, "host_not_started");
    drop(in_the_way);
    start(&desk.shell, &desk.hosts, key).await.unwrap();
    assert_eq!(desk.look(key).await.state, HostState::Running);
    assert_eq!(desk.shell.notices(), [], "it runs");
}

#[tokio::test]
async fn a_key_opens_the_room_until_it_is_revoked() {
    let desk = Desk::set();
    let key = desk.host(form()).await;
    let (room, hosted) = saved(&desk.shell, key).unwrap();
    let rooms = desk.hosts.rooms(key).unwrap();
    let base = serving::base(hosted.port).unwrap();
    let wish = |role| KeyWish { name: "Bo".to_owned(), role, hours: 8 };
    let made = keys::make(&rooms, &room, &hosted, Some(&base), wish(KeyRole::Staff)).await.unwrap();
    let named =
        keys::make(&rooms, &room, &hosted, Some(&base), wish(KeyRole::Audience)).await.unwrap();
    assert!(named.secret.starts_with(&format!("{base}r/{}#t=", room.form.topic)));
    assert!(!made.secret.contains('/'));
    let listed = desk.look(key).await.keys;
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|key| key.name == "Bo" && key.expires.is_some()));
    let nobody = KeyWish { name: " ".to_owned(), ..wish(KeyRole::Host) };
    assert!(keys::make(&rooms, &room, &hosted, Some(&base), nobody).await.is_err());
    revoke_key(&desk.shell, &desk.hosts, key, made.id.0).await.unwrap();
    let left = desk.look(key).await.keys;
    assert_eq!(left.iter().map(|key| key.role).collect::<Vec<_>>(), [KeyRole::Audience]);
    let desk = desk.restarted().await;
    assert_eq!(desk.look(key).await.keys, left, "what somebody has outlives a start");
}

#[tokio::test]
async fn a_quit_would_cut_off_whoever_else_is_in_a_hosted_room() {
    let desk = Desk::set();
    let key = desk.host(form()).await;
    desk.is_online(key).await;
    assert_eq!(undone(&desk.shell, &desk.hosts).await, [], "the host alone");
    let (room, hosted) = saved(&desk.shell, key).unwrap();
    let (rooms, base) = (desk.hosts.rooms(key).unwrap(), serving::base(hosted.port).unwrap());
    let wish = KeyWish { name: "Bo".to_owned(), role: KeyRole::Staff, hours: 8 };
    let made = keys::make(&rooms, &room, &hosted, Some(&base), wish).await.unwrap();
    let guest = Desk::set();
    let there = guest.shell.join(room.form, Some(made.secret)).await.unwrap();
    guest.is_online(there).await;
    let left = undone(&desk.shell, &desk.hosts).await;
    assert_eq!(left.iter().map(|of| of.people).collect::<Vec<_>>(), [1]);
}
