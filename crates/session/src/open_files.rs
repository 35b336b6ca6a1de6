//! The limit of open files: a socket is one.

/// Makes room for so many in this process, or for as many as it may have; says how many that are. None: there is no limit.
#[cfg(unix)]
pub fn raise_to(wanted: u64) -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let now = limit.current?;
    if now >= wanted {
        return Some(now);
    }
    let most = limit.maximum.map_or(wanted, |most| most.min(wanted));
    let raised = Rlimit { current: Some(most), maximum: limit.maximum };
    Some(setrlimit(Resource::Nofile, raised).map_or(now, |()| most))
}

/// Elsewhere there is no such limit.
#[cfg(not(unix))]
pub fn raise_to(_wanted: u64) -> Option<u64> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    #[test]
    fn a_limit_is_raised_as_far_as_it_may_be_and_never_lowered() {
        let limit = getrlimit(Resource::Nofile);
        let Some(now) = limit.current else { return };
        let lower = Rlimit { current: Some(now - 1), maximum: limit.maximum };
        setrlimit(Resource::Nofile, lower).unwrap();
        assert_eq!(super::raise_to(now), Some(now));
        assert_eq!(super::raise_to(1), Some(now));
        if let Some(most) = limit.maximum {
            assert_eq!(super::raise_to(most.saturating_add(1)), Some(most));
        }
    }
}
