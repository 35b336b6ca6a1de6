//! Times that a server says, as a page can show them.

use jiff::Timestamp;

/// A time of the server's, unless it is in no year that a clock or a page knows.
pub(crate) fn shown(ms: i64) -> Option<i64> {
    Timestamp::from_millisecond(ms).ok().map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_is_none_is_not_shown() {
        assert_eq!(shown(1_700_000_000_123), Some(1_700_000_000_123));
        assert_eq!([i64::MAX, i64::MIN, 9_000_000_000_000_000].map(shown), [None; 3]);
    }
}
