//! What the web view's engine is told before it starts.

use gtk::glib;

/// Heard by WebKit's processes, which inherit it, and by no program that is opened from here (see `links`).
///
/// The page does little by script and draws much: garbage that is collected early, and loops that are compiled once and not twice more,
/// take half as much memory after a busy hour. Where no graphics card draws, the few rows that changed are drawn sooner than other
/// threads are told of them (docs/decisions.md).
pub(crate) const TOLD: [(&str, &str); 3] = [
    ("JSC_forceMiniVMMode", "1"),
    ("JSC_useDFGJIT", "0"),
    ("WEBKIT_SKIA_CPU_PAINTING_THREADS", "0"),
];

/// Whoever sets a variable has their way. Before any other thread: a process has one environment.
pub(crate) fn tell() {
    for (name, value) in TOLD {
        if glib::setenv(name, value, false).is_err() {
            // Logging has not started; it is the memory alone.
            eprintln!("aside: the web view could not be told {name}");
        }
    }
}
