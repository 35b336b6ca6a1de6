//! Alignment as a story, and as laws that hold whatever the room says.

use proptest::prelude::*;

use super::*;

fn print(text: &str) -> Print {
    thread_local!(static PRINTER: Printer = Printer::default());
    let json = serde_json::json!({ "type": "message", "user": "u", "content": text });
    PRINTER.with(|printer| printer.print(&Entry::parse(&json.to_string()).unwrap()))
}

fn prints(texts: &str) -> Vec<Print> {
    texts.split_whitespace().map(print).collect()
}

fn ours(texts: &str, anchors: usize) -> Vec<Ours> {
    let rows = prints(texts).into_iter().enumerate();
    rows.map(|(n, print)| Ours::firm(print, n < anchors)).collect()
}

/// Both sides merged, as the room's rows would read.
fn merged<T: Clone>(ours: &[T], theirs: &[T], aligned: &Alignment) -> Vec<T> {
    let mut rows = Vec::new();
    for n in 0..=ours.len() {
        for (_, range) in aligned.missed.iter().filter(|(before, _)| *before == n) {
            rows.extend_from_slice(&theirs[range.clone()]);
        }
        rows.extend(ours.get(n).cloned());
    }
    rows
}

fn merge(our_texts: &str, anchors: usize, snapshot: &str, leads: bool) -> (String, Alignment) {
    let aligned = align(&ours(our_texts, anchors), &prints(snapshot), leads);
    let our_texts: Vec<_> = our_texts.split_whitespace().collect();
    let snapshot: Vec<_> = snapshot.split_whitespace().collect();
    (merged(&our_texts, &snapshot, &aligned).join(" "), aligned)
}

#[test]
fn what_was_missed_goes_between_what_was_known_and_what_is_live() {
    let (rows, aligned) = merge("a b c x", 3, "z a b c m n x", false);
    assert_eq!(rows, "a b c m n x");
    assert!(aligned.anchored && aligned.unseen.is_empty());
}

#[test]
fn what_the_history_does_not_show_yet_stays_at_the_end() {
    let (rows, aligned) = merge("a b c x y", 3, "a b c m", false);
    assert_eq!(rows, "a b c m x y");
    assert_eq!(aligned.unseen, [3, 4]);
}

#[test]
fn older_history_is_dropped_unless_our_first_row_is_the_first_of_all() {
    assert_eq!(merge("c d", 2, "a b c d", false).0, "c d");
    assert_eq!(merge("c d", 2, "a b c d", true).0, "a b c d");
}

#[test]
fn repeated_words_are_counted_not_merged() {
    assert_eq!(merge("ha ha x", 3, "q ha w ha ha x ha", false).0, "ha ha x ha");
    assert_eq!(merge("a ha b", 3, "a ha ha ha b", false).0, "a ha ha ha b");
}

#[test]
fn a_snapshot_that_does_not_reach_back_says_so() {
    assert!(!merge("a b c d e f", 6, "p q r s", false).1.anchored);
    assert!(
        !merge("a b c d e f", 6, "b p q r s", false).1.anchored,
        "one row may be a coincidence"
    );
    assert!(merge("a b c d e f", 6, "d e f p q", false).1.anchored);
}

#[test]
fn words_that_a_room_always_says_are_no_anchor() {
    let ours = (0..64).map(|n| if n % 2 == 0 { "ha " } else { "+1 " }).collect::<String>();
    let elsewhere = (0..200).map(|n| ["ha ", "x ", "+1 ", "y ", "z "][n % 5]).collect::<String>();
    assert!(!merge(&ours, 64, &elsewhere, false).1.anchored, "scattered is not re-found");
}

#[test]
fn a_server_that_trims_or_dates_differently_is_still_understood() {
    let live = Entry::parse(
        r#"{"type":"message","user":"u","content":" hi  there ","createdat":1700000001}"#,
    );
    let kept = Entry::parse(
        r#"{"type":"message","user":"u","content":"hi there","createdat":1700000002}"#,
    );
    let printer = Printer::default();
    let (live, kept) = (printer.print(&live.unwrap()), printer.print(&kept.unwrap()));
    let aligned = align(&[Ours::firm(live, true)], &[kept], false);
    assert_eq!((aligned.anchored, aligned.likeness), (true, Likeness::Trimmed));
    let other = Entry::parse(r#"{"type":"message","user":"v","content":"hi there"}"#);
    let other = printer.print(&other.unwrap());
    assert!(!align(&[Ours::firm(live, true)], &[other], false).anchored);
}

fn dated(text: &str, second: usize) -> Print {
    Print { second: i64::try_from(second).ok(), ..print(text) }
}

#[test]
fn words_under_another_date_are_the_same_row_only_when_a_second_look_says_so() {
    let known = dated("a", 1);
    let ours =
        |dating| [Ours::firm(known, true), Ours { dating, ..Ours::firm(dated("ha", 5), false) }];
    let (missed, late) = ([known, dated("ha", 3)], [known, dated("ha", 3), dated("ha", 5)]);
    let aligned = align(&ours(Dating::Open), &missed, true);
    assert_eq!((aligned.same, aligned.unseen, aligned.undecided), (vec![(0, 0)], vec![1], true));
    assert!(aligned.missed.is_empty(), "not yet");
    let aligned = align(&ours(Dating::Open), &late, true);
    assert_eq!((aligned.same, aligned.undecided), (vec![(0, 0), (1, 2)], false));
    assert_eq!(aligned.missed, [(1, 1..2)], "it was another one");
    let aligned = align(&ours(Dating::Loose), &missed, true);
    assert_eq!((aligned.same, aligned.undecided), (vec![(0, 0), (1, 1)], false));
    let aligned = align(&ours(Dating::Firm), &missed, true);
    assert_eq!((aligned.missed, aligned.unseen), (vec![(1, 1..2)], vec![1]));
}

#[test]
fn pages_are_joined_by_what_they_share() {
    assert_eq!(join_pages(&prints("a b c d e f"), &prints("c d e f g h")), Some(4));
    assert_eq!(join_pages(&prints("a ha ha ha ha"), &prints("ha ha ha ha ha x")), Some(4));
    assert_eq!(join_pages(&prints("a b c d"), &prints("e f g h")), None);
    assert_eq!(join_pages(&prints("a b c ha"), &prints("ha e f g")), None, "one is chance");
    assert_eq!(older_than(&prints("c d e"), &prints("a b c d")), Some(2));
    assert_eq!(older_than(&prints("c d e"), &prints("a b x y")), None);
    for (page, within) in [("d e f g", true), ("c d", true), ("b c d e", false), ("d x y", false)] {
        assert_eq!(begins_within(&prints("a0 c d e f"), &prints(page)), within, "{page}");
    }
    assert!(!begins_within(&prints("c d"), &[]));
}

#[test]
fn an_older_page_starts_within_what_is_known_and_reaches_beyond() {
    for have in 33..5000 {
        let (page, size) = older_page(have, 32, 1000);
        let (first, last) = ((page - 1) * size + 1, page * size);
        assert!(
            (1..=1000).contains(&size) && first <= have - 31 && last > have - 32,
            "{have}: {page} {size}"
        );
    }
    assert_eq!(older_page(20, 32, 1000), (1, 1000));
}

#[test]
fn a_page_beside_a_tail_takes_milliseconds() {
    let ours: Vec<_> =
        (0..564).map(|n| Ours::firm(print(&format!("{}", n % 97)), n < 64)).collect();
    let snapshot: Vec<_> = (0..500).map(|n| print(&format!("{}", n % 89))).collect();
    let begun = std::time::Instant::now();
    let aligned = align(&ours, &snapshot, false);
    // Five in an optimised build; this bound only catches a wrong order of growth.
    assert!(begun.elapsed().as_millis() < 500, "{:?} {aligned:?}", begun.elapsed());
}

fn room() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0_u8..6, 0..60)
}

fn as_prints(room: &[u8]) -> Vec<Print> {
    room.iter().map(|n| print(&n.to_string())).collect()
}

fn is_subsequence(part: &[u8], whole: &[u8]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|wanted| rest.any(|found| found == wanted))
}

proptest! {
    /// The merge keeps our order, keeps the history's order, and has no row that neither has.
    #[test]
    fn the_merge_contains_both_sides_in_order(our in room(), their in room()) {
        let our_rows: Vec<_> = as_prints(&our).into_iter().map(|print| Ours::firm(print, false)).collect();
        let aligned = align(&our_rows, &as_prints(&their), true);
        let rows = merged(&our, &their, &aligned);
        prop_assert!(is_subsequence(&our, &rows) && is_subsequence(&their, &rows));
        prop_assert_eq!(rows.len(), our.len() + their.len() - aligned.same.len());
        let rising = aligned.same.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1);
        prop_assert!(rising);
        let seen = aligned.same.len() + aligned.unseen.len();
        prop_assert!(aligned.same.is_empty() || seen + aligned.same[0].0 == our.len());
    }

    /// A history that has everything we have leaves nothing unseen, and the merge is that history.
    #[test]
    fn a_history_that_has_everything_is_the_result(their in room(), heard in prop::collection::vec(any::<bool>(), 60)) {
        let our: Vec<_> = their.iter().zip(&heard).filter(|(_, heard)| **heard).map(|(n, _)| *n).collect();
        let our_rows: Vec<_> = as_prints(&our).into_iter().map(|print| Ours::firm(print, false)).collect();
        let aligned = align(&our_rows, &as_prints(&their), true);
        prop_assert_eq!(merged(&our, &their, &aligned), their);
        prop_assert!(aligned.unseen.is_empty());
    }

    /// The same where it dates some of it otherwise, as long as it is not too new; and nothing of it is lost while it is.
    #[test]
    fn a_history_that_dates_otherwise_is_the_result(
        their in room(),
        heard in prop::collection::vec(any::<bool>(), 60),
        grain in 1_usize..9,
    ) {
        let theirs = their.iter().enumerate().map(|(n, word)| dated(&word.to_string(), n - n % grain));
        let theirs: Vec<_> = theirs.collect();
        let heard = |n: &usize| heard[*n];
        let our: Vec<_> = (0..their.len()).filter(heard).map(|n| their[n]).collect();
        let rows = |dating| -> Vec<_> {
            let dates = (0..their.len()).filter(heard);
            dates.map(|n| Ours { dating, ..Ours::firm(dated(&their[n].to_string(), n), false) }).collect()
        };
        let aligned = align(&rows(Dating::Loose), &theirs, true);
        prop_assert_eq!(merged(&our, &their, &aligned), their.clone());
        prop_assert!(aligned.unseen.is_empty() && !aligned.undecided);
        let aligned = align(&rows(Dating::Open), &theirs, true);
        prop_assert_eq!(merged(&our, &their, &aligned), their);
        prop_assert_eq!(aligned.unseen.is_empty(), !aligned.undecided);
    }

    /// Merging the same history twice changes nothing the second time.
    #[test]
    fn a_second_look_changes_nothing(our in room(), their in room()) {
        let rows_of = |rows: &[u8]| -> Vec<Ours> {
            as_prints(rows).into_iter().map(|print| Ours::firm(print, false)).collect()
        };
        let first = merged(&our, &their, &align(&rows_of(&our), &as_prints(&their), true));
        let again = align(&rows_of(&first), &as_prints(&their), true);
        prop_assert!(again.missed.is_empty());
        prop_assert_eq!(again.same.len(), their.len());
    }
}
