//! How much goes into one page: whoever asked for it reads so much, and no more.

use std::io;

use aside_protocol::limits::PAGE_BYTES;
use aside_protocol::triage::Item;
use serde::Serialize;

/// Well below what a client reads of one reply.
const MOST: usize = PAGE_BYTES / 2;

/// How many of these fit into a page, from the first on; one always does.
pub(crate) fn fitting<'a, T: Serialize + 'a>(items: impl Iterator<Item = &'a T>) -> usize {
    let mut bytes = 0;
    let fits = |item: &&T| {
        bytes += size(item);
        bytes <= MOST
    };
    items.take_while(fits).count().max(1)
}

/// Leaves out what makes an item larger than a page by itself: its edits, which history has, and then the oldest answers and
/// notes beside it.
pub(crate) fn fit(item: &mut Item) {
    if size(item) > MOST {
        item.edits.clear();
    }
    while size(item) > MOST && !item.private.is_empty() {
        item.private.drain(..item.private.len().div_ceil(2));
    }
}

fn size(value: &impl Serialize) -> usize {
    let mut written = Written(0);
    // Counting fails at nothing.
    let _ = serde_json::to_writer(&mut written, value);
    written.0
}

/// The bytes that were written.
struct Written(usize);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aside_protocol::EntryId;
    use aside_protocol::triage::{Person, PrivateAnswer, Visibility};

    use super::*;

    #[test]
    fn an_item_that_no_page_holds_keeps_its_newest_notes() {
        let id = || EntryId::new("0123456789abcdef-1");
        let mut item = Item::new(id(), 1, "why?".to_owned(), Person::default(), 0);
        let note = |at: i64| PrivateAnswer {
            id: id(),
            visibility: Visibility::Staff,
            text: "\u{1}".repeat(8192),
            org_name: String::new(),
            by: Person::default(),
            at,
            edited_at: None,
            retracted: false,
        };
        item.private = (0..100).map(note).collect();
        let small = item.clone();
        fit(&mut item);
        assert_eq!(item, small);
        item.private = (0..300).map(note).collect();
        fit(&mut item);
        assert!(size(&item) <= MOST);
        let kept: Vec<i64> = item.private.iter().map(|note| note.at).collect();
        assert_eq!(kept, (150..300).collect::<Vec<_>>());
    }
}
