//! What the app gives back of the computer's memory once it has no page left.
//!
//! The one place of the house with unsafe code: there is no safe way to tell the C library and the kernel.

use std::ffi::{c_int, c_void};
use std::ops::Range;
use std::{ptr, slice};

use libc::{dl_phdr_info, size_t};

/// The size of a page, in bytes, or a multiple of it.
const PAGE: usize = 64 * 1024;

// What <elf.h> calls these.
const PF_W: u32 = 2;
const DT_NULL: usize = 0;
const DT_TEXTREL: usize = 22;
const DT_FLAGS: usize = 30;
const DF_TEXTREL: usize = 4;

/// The process through which WebKit's pages would reach a network, as Linux shortens its name.
const HELPER: &str = "WebKitNetworkPr";
/// Set where a driver works the pages: WebKit ends the driver's session together with that process.
const DRIVEN: &str = "TAURI_WEBVIEW_AUTOMATION";

/// An entry of what an object tells the loader: a name and a value.
type Told = [usize; 2];

/// Ends the process that serves WebKit's pages, where there is none: WebKit leaves it running, and starts another with the next page.
#[expect(unsafe_code, reason = "a call of the C library")]
pub(super) fn end_helper() {
    if std::env::var_os(DRIVEN).is_some() {
        return;
    }
    let own = std::process::id();
    for process in super::processes().into_iter().flatten() {
        let name = std::fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
        if name.trim_end() != HELPER || super::parent(process) != Some(own) {
            continue;
        }
        let Ok(process) = process.try_into() else { continue };
        // SAFETY: it sends a signal; a child of ours keeps its number until we have heard of its end.
        let _sent = unsafe { libc::kill(process, libc::SIGTERM) };
    }
}

/// Gives back what was freed in pieces, and the code that ran for the pages: the web view's above all, which nobody else has mapped any
/// more. The kernel keeps it among its files, and what runs again is mapped again from there.
#[expect(unsafe_code, reason = "calls of the C library")]
pub(super) fn give_back() {
    // SAFETY: it takes its own locks, and leaves alone what is in use.
    #[cfg(target_env = "gnu")]
    let _whether = unsafe { libc::malloc_trim(0) };
    // SAFETY: the function is of the kind that is asked for, and needs nothing.
    let _last = unsafe { libc::dl_iterate_phdr(Some(give_back_code), ptr::null_mut()) };
}

/// Called for each program or library that is loaded: those of its parts that nobody writes leave this process's memory.
#[expect(unsafe_code, reason = "the loader's list is C's")]
unsafe extern "C" fn give_back_code(it: *mut dl_phdr_info, _: size_t, _: *mut c_void) -> c_int {
    // SAFETY: the loader lends its entry for the time of the call, in which nothing is unloaded.
    let (base, parts) = unsafe {
        if (*it).dlpi_phdr.is_null() {
            return 0;
        }
        let parts = slice::from_raw_parts((*it).dlpi_phdr, usize::from((*it).dlpi_phnum));
        ((*it).dlpi_addr as usize, parts)
    };
    let of_kind = |kind| parts.iter().filter(move |part| part.p_type == kind);
    for dynamic in of_kind(libc::PT_DYNAMIC) {
        let told = (base + dynamic.p_vaddr as usize) as *const Told;
        let most = dynamic.p_memsz as usize / size_of::<Told>();
        // SAFETY: the object is loaded where the entry says, this part of it with the rest.
        if writes_its_code(unsafe { slice::from_raw_parts(told, most) }) {
            return 0;
        }
    }
    for part in of_kind(libc::PT_LOAD).filter(|part| part.p_flags & PF_W == 0) {
        let start = base + part.p_vaddr as usize;
        let pages = whole_pages(start..start + part.p_memsz as usize);
        // SAFETY: a part without the right to write has been as in its file since it was mapped, and comes back from there.
        let _as_it_was =
            unsafe { libc::madvise(pages.start as *mut c_void, pages.len(), libc::MADV_DONTNEED) };
    }
    0
}

/// Whether the loader has put addresses into an object's code, which the file does not know.
fn writes_its_code(told: &[Told]) -> bool {
    let told = told.iter().take_while(|[name, _]| *name != DT_NULL);
    told.clone().any(|[name, _]| *name == DT_TEXTREL)
        || told.clone().any(|[name, value]| *name == DT_FLAGS && value & DF_TEXTREL != 0)
}

/// What of a stretch of memory is pages that it shares with no other; none, where there is none.
fn whole_pages(stretch: Range<usize>) -> Range<usize> {
    let start = stretch.start.next_multiple_of(PAGE);
    start..(stretch.end / PAGE * PAGE).max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapped() -> u64 {
        let told = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap();
        let line = told.lines().find_map(|line| line.strip_prefix("Rss:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    #[test]
    fn what_is_given_back_leaves_and_comes_back_as_it_was() {
        let before = mapped();
        give_back();
        let after = mapped();
        assert!(after < before, "{before} {after}");
        // Code runs, and constants are what they were.
        assert_eq!(format!("{:?}", Some("as before")), r#"Some("as before")"#);
    }

    #[test]
    fn an_object_whose_code_was_written_is_known() {
        assert!(writes_its_code(&[[1, 7], [DT_TEXTREL, 0], [DT_NULL, 0]]));
        assert!(writes_its_code(&[[DT_FLAGS, 8 | DF_TEXTREL]]));
        assert!(!writes_its_code(&[[DT_FLAGS, 8], [DT_NULL, 0], [DT_TEXTREL, 0]]));
        assert!(!writes_its_code(&[]));
    }

    #[test]
    fn a_page_that_others_share_stays() {
        assert_eq!(whole_pages(1..3 * PAGE), PAGE..3 * PAGE);
        assert_eq!(whole_pages(0..3 * PAGE - 1), 0..2 * PAGE);
        assert!(whole_pages(1..PAGE + 1).is_empty());
        assert!(whole_pages(5..7).is_empty());
    }
}
