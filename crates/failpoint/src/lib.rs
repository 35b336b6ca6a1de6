//! Named places in the code at which a test may make the process die, as power loss or `kill -9` would.
//!
//! `ASIDE_FAILPOINT=outbox.enqueued` ends the process the first time that it reaches that place, `outbox.enqueued:3` the
//! third time: at once, without unwinding and without destructors. In release builds there are no such places.

/// The environment variable that arms a place.
pub const VARIABLE: &str = "ASIDE_FAILPOINT";

/// A place at which the process may be made to die.
#[inline]
pub fn at(name: &str) {
    #[cfg(debug_assertions)]
    armed::reach(name);
    #[cfg(not(debug_assertions))]
    let _ = name;
}

#[cfg(debug_assertions)]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// The one place that is armed, and how often it will be passed before that.
    struct Armed {
        name: String,
        left: AtomicU64,
    }

    static ARMED: OnceLock<Option<Armed>> = OnceLock::new();

    pub(super) fn reach(name: &str) {
        let armed = ARMED.get_or_init(|| parse(&std::env::var(super::VARIABLE).ok()?));
        let Some(armed) = armed.as_ref().filter(|armed| armed.name == name) else { return };
        if armed.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            std::process::abort();
        }
    }

    fn parse(value: &str) -> Option<Armed> {
        let (name, nth) = value.split_once(':').unwrap_or((value, "1"));
        let left = nth.parse().ok().filter(|nth| *nth > 0)?;
        Some(Armed { name: name.to_owned(), left: AtomicU64::new(left) })
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_place_is_armed_for_a_time_of_ones_choice() {
            let armed = |value| parse(value).map(|armed| (armed.name, armed.left.into_inner()));
            assert_eq!(armed("a.b"), Some(("a.b".to_owned(), 1)));
            assert_eq!(armed("a.b:3"), Some(("a.b".to_owned(), 3)));
            assert_eq!(armed("a.b:0"), None);
            assert_eq!(armed("a.b:x"), None);
        }
    }
}
