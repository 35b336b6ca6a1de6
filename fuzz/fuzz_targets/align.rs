//! The merge without ids: two sequences of few words, as in a room where people repeat themselves, laid side by side.
#![no_main]

use libfuzzer_sys::fuzz_target;

/// The session's own file: it leans on nothing but the protocol's types, and is not for anybody outside.
#[allow(dead_code)]
#[path = "../../crates/session/src/align.rs"]
mod align;

use align::{Alignment, Dating, Likeness, Ours, Print, Printer};
use aside_protocol::{Entry, EntryKind};

/// As many rows on a side as the session lays side by side, with room to spare for speed.
const MOST: usize = 400;

fuzz_target!(|input: (&[u8], &[u8], u8)| {
    let (ours, theirs, how) = input;
    let printer = Printer::default();
    let words: Vec<Print> = (0..32).map(|word| printer.print(&entry(word))).collect();
    let prints = |bytes: &[u8]| -> Vec<Print> {
        bytes.iter().take(MOST).map(|byte| words[usize::from(byte % 32)]).collect()
    };
    let (our_prints, snapshot) = (prints(ours), prints(theirs));
    let ours: Vec<Ours> = our_prints
        .iter()
        .zip(ours)
        .map(|(print, byte)| Ours { dating: dating(*byte), ..Ours::firm(*print, byte & 0x80 != 0) })
        .collect();
    check(&align::align(&ours, &snapshot, how & 1 == 0), &ours, &snapshot, how & 1 == 0);
    if let Some(run) = align::join_pages(&our_prints, &snapshot) {
        let mut shared = our_prints[our_prints.len() - run..].iter().zip(&snapshot[..run]);
        assert!(shared.all(|(a, b)| same_text(a, b)));
    }
    if let Some(older) = align::older_than(&our_prints, &snapshot) {
        assert!(older <= snapshot.len());
    }
    let (page, size) = align::older_page(u32::from(how) * 7, 8, 100);
    assert!(page >= 1 && (1..=100).contains(&size));
});

fn dating(byte: u8) -> Dating {
    match byte & 0x60 {
        0 => Dating::Firm,
        0x20 => Dating::Open,
        _ => Dating::Loose,
    }
}

/// A few words, some of them the same but for white space, some of them stamped.
fn entry(word: u8) -> Entry {
    let time = if word % 3 == 0 {
        format!(r#","createdat":{}"#, 1_538_980_205 + u64::from(word))
    } else {
        String::new()
    };
    let text = if word % 2 == 0 { format!("w{}", word / 4) } else { format!(" w{} ", word / 4) };
    let entry =
        Entry::parse(&format!(r#"{{"type":"message","user":"u","content":"{text}"{time}}}"#));
    let entry = entry.expect("an entry");
    assert_eq!(entry.kind, EntryKind::Message);
    entry
}

/// What holds whatever was laid side by side: order, bounds, and that nothing is told twice.
fn check(found: &Alignment, ours: &[Ours], snapshot: &[Print], leads: bool) {
    for pair in found.same.windows(2) {
        assert!(pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1, "confirmed rows keep their order");
    }
    let mut told = vec![0_u8; snapshot.len()];
    for (our, their) in &found.same {
        told[*their] += 1;
        assert!(
            like(found.likeness, &ours[*our].print, &snapshot[*their]),
            "two different rows are one"
        );
    }
    for (before, run) in &found.missed {
        assert!(*before <= ours.len() && !run.is_empty());
        run.clone().for_each(|their| told[their] += 1);
    }
    assert!(told.iter().all(|times| *times <= 1), "a row of the snapshot twice");
    assert!(found.unseen.is_sorted());
    if found.undecided {
        // What may be ours under another date waits for the next snapshot.
        let open = ours.iter().filter(|row| row.dating == Dating::Open).count();
        let first = found.same.first().map_or(snapshot.len(), |(_, their)| *their);
        assert!(told[first..].iter().filter(|times| **times == 0).count() <= open);
        return;
    }
    let known = if leads { 0 } else { found.same.first().map_or(0, |(_, their)| *their) };
    assert!(told[..known].iter().all(|times| *times == 0));
    assert!(told[known..].iter().all(|times| *times == 1), "each row of the snapshot once");
    let first = found.same.first().map_or(ours.len(), |(our, _)| *our);
    let kept = found.same.len() + found.unseen.len();
    assert_eq!(kept, ours.len() - first, "each of our rows once, from the first common one on");
}

fn like(likeness: Likeness, a: &Print, b: &Print) -> bool {
    match likeness {
        Likeness::Timed | Likeness::Exact => same_text(a, b),
        // Prints do not say what they are of; two different words are seldom alike, and then on purpose.
        Likeness::Trimmed => true,
    }
}

/// By the laws alone: a page of one row touches another exactly where both say the same.
fn same_text(a: &Print, b: &Print) -> bool {
    align::join_pages(&[*a], &[*b]).is_some()
}
