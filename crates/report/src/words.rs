//! The words of what the protocol names, for tables and pages.

use aside_protocol::triage::{Review, Stage, Visibility, Work};
use aside_words::{Key, Language};

pub(crate) fn state(language: Language, state: Work) -> &'static str {
    language.say(match state {
        Work::Open => Key::REPORT_STATE_OPEN,
        Work::Claimed => Key::REPORT_STATE_CLAIMED,
        Work::Answered => Key::REPORT_STATE_ANSWERED,
        Work::Dismissed => Key::REPORT_STATE_DISMISSED,
        Work::FollowUp => Key::REPORT_STATE_FOLLOW_UP,
        Work::Merged => Key::REPORT_STATE_MERGED,
    })
}

pub(crate) fn review(language: Language, review: Review) -> &'static str {
    match review {
        Review::Approved => "",
        Review::Pending => language.say(Key::REPORT_REVIEW_PENDING),
        Review::Rejected => language.say(Key::REPORT_REVIEW_REJECTED),
    }
}

pub(crate) fn stage(language: Language, stage: Stage) -> &'static str {
    match stage {
        Stage::None => "",
        Stage::Next => language.say(Key::REPORT_STAGE_NEXT),
        Stage::Now => language.say(Key::REPORT_STAGE_NOW),
    }
}

/// How an answer is marked whose readers are few.
pub(crate) fn readers(language: Language, visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "",
        Visibility::Asker => language.say(Key::REPORT_READERS_ASKER),
        Visibility::Staff => language.say(Key::REPORT_READERS_STAFF),
    }
}

/// How or why the work ended; words that staff made up stay as they are.
pub(crate) fn reason(language: Language, reason: &str) -> &str {
    language.say(match reason {
        "text" => Key::REPORT_REASON_TEXT,
        "spoken" => Key::REPORT_REASON_SPOKEN,
        "duplicate" => Key::REPORT_REASON_DUPLICATE,
        "off_topic" => Key::REPORT_REASON_OFF_TOPIC,
        "abuse" => Key::REPORT_REASON_ABUSE,
        "later" => Key::REPORT_REASON_LATER,
        other => return other,
    })
}
