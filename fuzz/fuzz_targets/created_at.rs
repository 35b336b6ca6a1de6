//! The many faces of a date: any text or number is a time or none, and no time is beyond what a calendar can hold.
#![no_main]

use aside_protocol::{CreatedAt, MinuteStamp};
use jiff::tz::{Offset, TimeZone};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (i64, i8, &str)| {
    let (number, hours, text) = input;
    let zone = Offset::from_hours(hours % 24).map_or(TimeZone::UTC, TimeZone::fixed);
    for time in [CreatedAt::parse(text), CreatedAt::from_epoch(number)].into_iter().flatten() {
        let _ = time.resolve(&zone);
        let CreatedAt::Local(local) = time else { continue };
        let minute = local.with().second(0).subsec_nanosecond(0).build().expect("a minute");
        // Years of fewer than four digits and before the first are read, though nobody writes them.
        if local.year() >= 1000 {
            let stamp = MinuteStamp::from_local(local).to_string();
            assert_eq!(CreatedAt::parse(&stamp), Some(CreatedAt::Local(minute)), "{stamp}");
        }
    }
});
