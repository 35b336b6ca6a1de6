//! What is on this computer is read without the server, or it is said why not.

use aside_history::Store;
use aside_protocol::Topic;
use aside_server::NewEntry;
use serde_json::Value;

use crate::tail::Tail;
use crate::{TOPIC, World, json_lines};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_running_command_has_of_the_room_is_not_said_to_be_nothing() {
    let world = World::new(false).await;
    let asked = NewEntry::question("a", "Ana", "为什么?");
    world.server.rooms().publish(&Topic::new(TOPIC), asked).await.unwrap();
    assert!(world.run(&["history"]).await.status.success());
    let mut tail = Tail::start(&world, &[]);
    assert_eq!(tail.entry().await["text"], "为什么?");

    let out = world.home.path().join("room.json");
    std::fs::write(&out, "of yesterday").unwrap();
    let file = out.to_str().unwrap();
    let export = ["export", "--format", "json", "--out", file, "--offline", "--force"];
    let search = ["search", "为什么", "--offline", "--json"];
    for args in [&export[..], &search] {
        let ended = world.run(args).await;
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{args:?}: {said}");
        assert!(said.contains("aside-cli: another command is running in "), "{said}");
    }
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "of yesterday");

    tail.end().await;
    assert!(world.run(&export).await.status.success());
    let json: Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    assert_eq!(json["questions"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_found_wherever_a_command_kept_it() {
    let world = World::new(false).await;
    let beside = Store::open(&world.home.path().join("cli/1")).unwrap();
    let asked = NewEntry::question("a", "Ana", "为什么?");
    world.server.rooms().publish(&Topic::new(TOPIC), asked).await.unwrap();
    assert!(world.run(&["history"]).await.status.success());
    drop(beside);
    let found = world.run(&["search", "为什么", "--offline", "--json"]).await;
    assert!(found.status.success(), "{found:?}");
    assert_eq!(json_lines(&found).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_no_command_was_in_is_not_said_to_be_empty() {
    let world = World::new(false).await;
    let search = ["search", "hello", "--offline"];
    for once_more in [false, true] {
        let ended = world.run(&search).await;
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{once_more}: {said}");
        assert!(said.contains("aside-cli: nothing of this room is on this computer"), "{said}");
    }
    // It is empty, and that is known.
    assert!(world.run(&["history"]).await.status.success());
    assert_eq!(world.run(&search).await.status.code(), Some(0));
}
