//! How much goes into one page: whoever asked for it reads so much, and no more.

use std::io;

use aside_protocol::limits::PAGE_BYTES;
use serde::Serialize;

/// Well below what a client reads of one reply.
const MOST: usize = PAGE_BYTES / 2;

/// How many of these fit into a page, from the first on; one always does.
pub(crate) fn fitting<'a, T: Serialize + 'a>(items: impl Iterator<Item = &'a T>) -> usize {
    let mut written = Written(0);
    let fits = |item: &&T| {
        // Counting fails at nothing, and what cannot be written is left out later.
        let _ = serde_json::to_writer(&mut written, item);
        written.0 <= MOST
    };
    items.take_while(fits).count().max(1)
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
