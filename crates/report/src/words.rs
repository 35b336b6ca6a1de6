//! The words of tables and pages, in both languages.

use aside_protocol::triage::{Review, Stage, Visibility, Work};

/// The language that a file is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

/// Both words, English first.
pub(crate) type Pair = (&'static str, &'static str);

impl Language {
    pub(crate) fn of(self, (english, chinese): Pair) -> &'static str {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }

    /// The language's own name, as pages say it.
    pub(crate) fn tag(self) -> &'static str {
        self.of(("en", "zh-CN"))
    }

    pub(crate) fn state(self, state: Work) -> &'static str {
        self.of(match state {
            Work::Open => ("open", "待处理"),
            Work::Claimed => ("being answered", "回答中"),
            Work::Answered => ("answered", "已回答"),
            Work::Dismissed => ("dismissed", "已忽略"),
            Work::FollowUp => ("follow-up", "稍后跟进"),
            Work::Merged => ("merged", "已合并"),
        })
    }

    pub(crate) fn review(self, review: Review) -> &'static str {
        self.of(match review {
            Review::Approved => ("", ""),
            Review::Pending => ("waiting for review", "待审核"),
            Review::Rejected => ("rejected", "未通过"),
        })
    }

    pub(crate) fn stage(self, stage: Stage) -> &'static str {
        self.of(match stage {
            Stage::None => ("", ""),
            Stage::Next => ("next", "下一个"),
            Stage::Now => ("on stage", "台上"),
        })
    }

    /// How an answer is marked whose readers are few.
    pub(crate) fn readers(self, visibility: Visibility) -> &'static str {
        self.of(match visibility {
            Visibility::Public => ("", ""),
            Visibility::Asker => ("to the asker alone", "仅提问者可见"),
            Visibility::Staff => ("note for staff", "工作人员备注"),
        })
    }

    /// How or why the work ended; words that staff made up stay as they are.
    pub(crate) fn reason(self, reason: &str) -> &str {
        match reason {
            "text" => self.of(("in writing", "书面")),
            "spoken" => self.of(("aloud", "口头")),
            "duplicate" => self.of(("the same as another", "重复")),
            "off_topic" => self.of(("off topic", "跑题")),
            "abuse" => self.of(("abuse", "辱骂")),
            "later" => self.of(("later", "稍后")),
            other => other,
        }
    }
}

pub(crate) const WITHDRAWN: Pair = ("(withdrawn)", "（已撤回）");
