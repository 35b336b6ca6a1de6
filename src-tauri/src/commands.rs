//! What the page may ask for. Each command reads its arguments, asks the shell, and answers with data or an `AppError`;
//! none takes a host, a path or SQL, and none ever gives a token back.

#[cfg(test)]
mod allowed;
pub(crate) mod desk;
pub(crate) mod diagnostic;
pub(crate) mod finding;
pub(crate) mod hosting;
pub(crate) mod moderation;
pub(crate) mod people;
pub(crate) mod present;
pub(crate) mod rooms;
pub(crate) mod rules;
pub(crate) mod searching;
pub(crate) mod streaming;
pub(crate) mod timeline;
pub(crate) mod window;
pub(crate) mod writing;

/// Everything that the page may call. `src-tauri/permissions/page.toml` allows the same names; a test compares the two.
macro_rules! handler {
    () => {
        tauri::generate_handler![
            crate::commands::rooms::boot,
            crate::commands::rooms::save_room,
            crate::commands::rooms::forget_room,
            crate::commands::rooms::open_room,
            crate::commands::rooms::leave_room,
            crate::commands::rooms::archive_room,
            crate::commands::rooms::move_room,
            crate::commands::rooms::set_token,
            crate::commands::rooms::reconnect,
            crate::commands::hosting::host_places,
            crate::commands::hosting::host_room,
            crate::commands::hosting::hosting,
            crate::commands::hosting::run_hosting,
            crate::commands::hosting::choose_address,
            crate::commands::hosting::make_key,
            crate::commands::hosting::revoke_key,
            crate::commands::hosting::try_demo,
            crate::commands::timeline::page,
            crate::commands::timeline::moment,
            crate::commands::timeline::pull,
            crate::commands::timeline::mark_read,
            crate::commands::timeline::note_missed,
            crate::commands::timeline::fill_gap,
            crate::commands::timeline::painted,
            crate::commands::writing::send,
            crate::commands::writing::answer,
            crate::commands::writing::retry,
            crate::commands::writing::discard,
            crate::commands::writing::take_back_answer,
            crate::commands::writing::draft,
            crate::commands::writing::set_draft,
            crate::commands::desk::triage,
            crate::commands::desk::thread,
            crate::commands::desk::answer_question,
            crate::commands::desk::held,
            crate::commands::desk::discard_held,
            crate::commands::desk::edit_answer,
            crate::commands::desk::retract_answer,
            crate::commands::desk::vote,
            crate::commands::desk::make_question,
            crate::commands::desk::look,
            crate::commands::writing::question_draft,
            crate::commands::writing::set_question_draft,
            crate::commands::writing::set_edit_draft,
            crate::commands::finding::snippets,
            crate::commands::finding::save_snippet,
            crate::commands::finding::remove_snippet,
            crate::commands::finding::keys,
            crate::commands::finding::save_keys,
            crate::commands::rules::rules,
            crate::commands::rules::save_rules,
            crate::commands::rules::try_rules,
            crate::commands::people::person,
            crate::commands::people::set_person_note,
            crate::commands::moderation::remove_entry,
            crate::commands::moderation::keep_entry,
            crate::commands::moderation::remove_now,
            crate::commands::moderation::note_removal,
            crate::commands::moderation::mute_person,
            crate::commands::moderation::slow_room,
            crate::commands::moderation::moderation,
            crate::commands::moderation::deeds,
            crate::commands::present::present,
            crate::commands::present::present_step,
            crate::commands::present::presented,
            crate::commands::searching::search,
            crate::commands::searching::numbers,
            crate::commands::searching::export_room,
            crate::commands::searching::cancel_export,
            crate::commands::streaming::overlay,
            crate::commands::streaming::renew_overlay,
            crate::commands::window::save_settings,
            crate::commands::window::close_window,
            crate::commands::window::answer_quit,
            crate::commands::window::hide_window,
            crate::commands::window::show_window,
            crate::commands::window::pin_window,
            crate::commands::window::strip_window,
            crate::commands::window::let_clicks_through,
            crate::commands::window::choose_view,
            crate::commands::window::drag_window,
            crate::commands::window::keep_stands,
            crate::commands::window::reset_windows,
            crate::commands::window::take_link,
            crate::commands::searching::transcripts,
            crate::commands::searching::open_transcripts,
            crate::commands::searching::save_last_hour,
            crate::commands::window::hotkeys,
            crate::commands::window::choose_hotkey,
            crate::commands::window::open_link,
            crate::commands::window::note_tour,
            crate::commands::window::dismiss_notice,
            crate::commands::diagnostic::diagnostic,
        ]
    };
}

pub(crate) use handler;
