//! The deterministic simulation: real sessions and the real server core over a network, clocks and dice that a seed
//! decides. A seed that fails prints the line that replays it; seeds that once failed run every time (`regressions.txt`).
//!
//! `ASIDE_SEEDS=N` runs N seeds of each class and kind of server, `ASIDE_SEED=S` one, `ASIDE_TRACE=1` prints what happens;
//! `ASIDE_CLIENTS=N` lets N clients meet a restart.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "one binary of many files; a run may panic"
)]

mod desk;
mod judge;
mod member;
mod network;
mod pipe;
mod play;
mod seeds;
mod storm;
mod weather;
mod world;

use seeds::{run, same_twice};
use weather::Class;
use world::Mode;

macro_rules! classes {
    ($($class:ident: $full:ident $core:ident,)*) => {
        $(
            #[test]
            fn $full() {
                run(Class::$class, Mode::Full, stringify!($full));
            }

            #[test]
            fn $core() {
                run(Class::$class, Mode::Core, stringify!($core));
            }
        )*

        /// The same seed twice is the same run.
        mod a_seed_decides {
            use super::{Class, Mode, same_twice};

            $(
                #[test]
                fn $full() {
                    same_twice(Class::$class, Mode::Full);
                }

                #[test]
                fn $core() {
                    same_twice(Class::$class, Mode::Core);
                }
            )*
        }
    };
}

classes! {
    HalfOpen: half_open_full half_open_core,
    Cuts: cuts_full cuts_core,
    Sleep: sleep_full sleep_core,
    Restart: restart_full restart_core,
    Killed: killed_full killed_core,
    History: history_full history_core,
    Token: token_full token_core,
    Slow: slow_full slow_core,
    Latency: latency_full latency_core,
    Portal: portal_full portal_core,
    Flapping: flapping_full flapping_core,
    Merge: merge_full merge_core,
}
