//! The few words that the shell itself says (the tray, the window's title), in both languages.

use crate::dto::{ConnectionState, Locale};

/// A language that the shell speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Chinese,
}

impl Language {
    /// The language to speak, from what a person chose and what the system says.
    pub(crate) fn choose(chosen: Locale, system: &str) -> Self {
        match chosen {
            Locale::English => Self::English,
            Locale::Chinese => Self::Chinese,
            Locale::System if system.to_ascii_lowercase().starts_with("zh") => Self::Chinese,
            Locale::System => Self::English,
        }
    }

    /// The language's name in a page.
    pub(crate) fn tag(self) -> &'static str {
        self.pick("en", "zh-CN")
    }

    fn pick(self, english: &'static str, chinese: &'static str) -> &'static str {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }

    pub(crate) fn show(self) -> &'static str {
        self.pick("Show Aside", "显示 Aside")
    }

    pub(crate) fn side(self) -> &'static str {
        self.pick("Side window", "侧边窗口")
    }

    pub(crate) fn click_through(self) -> &'static str {
        self.pick("Let clicks through the side window", "让点击穿透侧边窗口")
    }

    pub(crate) fn reset(self) -> &'static str {
        self.pick("Reset windows", "重置窗口")
    }

    /// Who asked, before the question.
    pub(crate) fn asked(self, who: &str) -> String {
        match self {
            Self::English => format!("{who} asked: "),
            Self::Chinese => format!("{who} 提问："),
        }
    }

    /// Who answered whom, before the answer.
    pub(crate) fn answered(self, org: &str, who: &str) -> String {
        match self {
            Self::English => format!("{org} answered {who}: "),
            Self::Chinese => format!("{org} 回复 {who}："),
        }
    }

    pub(crate) fn withdrawn(self) -> &'static str {
        self.pick("An answer was withdrawn.", "一条回答已撤回。")
    }

    pub(crate) fn missing(self) -> &'static str {
        self.pick("-- something may be missing here --", "—— 此处可能有缺失 ——")
    }

    pub(crate) fn quit(self) -> &'static str {
        self.pick("Quit", "退出")
    }

    pub(crate) fn no_rooms(self) -> &'static str {
        self.pick("No room open", "没有打开的房间")
    }

    pub(crate) fn demo_room(self) -> &'static str {
        self.pick("Demo · simulated audience", "演示 · 模拟观众")
    }

    pub(crate) fn connection(self, state: ConnectionState) -> &'static str {
        match state {
            ConnectionState::Connecting | ConnectionState::Joining => {
                self.pick("Connecting", "正在连接")
            }
            ConnectionState::Syncing | ConnectionState::Online => self.pick("Live", "已连接"),
            ConnectionState::Waiting => self.pick("Reconnecting", "正在重新连接"),
            ConnectionState::Refused => self.pick("Refused", "被拒绝"),
            ConnectionState::Closed => self.pick("Closed", "已关闭"),
        }
    }

    /// `3 new, 1 question`, or nothing when nothing is new.
    pub(crate) fn unread(self, entries: u32, questions: u32) -> String {
        // Counted up to a thousand, then the number says no more.
        let count = |n: u32| if n >= 1000 { "999+".to_owned() } else { n.to_string() };
        let mut parts = Vec::new();
        if entries > 0 {
            parts.push(match self {
                Self::English => format!("{} new", count(entries)),
                Self::Chinese => format!("{} 条新消息", count(entries)),
            });
        }
        if questions > 0 {
            parts.push(match self {
                Self::English if questions == 1 => "1 question".to_owned(),
                Self::English => format!("{} questions", count(questions)),
                Self::Chinese => format!("{} 个提问", count(questions)),
            });
        }
        parts.join(self.pick(", ", "，"))
    }
}

impl Language {
    /// `5 open, oldest 4 min`, or nothing when nobody waits.
    pub(crate) fn waiting(self, open: u32, minutes: i64) -> String {
        match (self, open, minutes) {
            (_, 0, _) => String::new(),
            (Self::English, open, 0) => format!("{open} open"),
            (Self::English, open, minutes) => format!("{open} open, oldest {minutes} min"),
            (Self::Chinese, open, 0) => format!("{open} 个待处理"),
            (Self::Chinese, open, minutes) => format!("{open} 个待处理，最久 {minutes} 分钟"),
        }
    }

    pub(crate) fn new_questions(self, count: u32) -> String {
        match self {
            Self::English if count == 1 => "A new question".to_owned(),
            Self::English => format!("{count} new questions"),
            Self::Chinese => format!("{count} 个新问题"),
        }
    }

    pub(crate) fn stands_out(self) -> &'static str {
        self.pick("Something that you look out for", "有你关注的内容")
    }

    pub(crate) fn named(self) -> &'static str {
        self.pick("Somebody named you", "有人提到了你")
    }

    pub(crate) fn after_silence(self) -> &'static str {
        self.pick("Somebody spoke after a silence", "沉默之后有人发言了")
    }

    /// What a click on a notification does, where it is written on it.
    #[cfg(target_os = "linux")]
    pub(crate) fn open(self) -> &'static str {
        self.pick("Open", "打开")
    }

    pub(crate) fn taken_over(self, number: u64, who: &str) -> String {
        match self {
            Self::English => format!("{who} took over #{number}. Your draft is kept."),
            Self::Chinese => format!("{who} 接手了 #{number}，你的草稿已保留。"),
        }
    }
}

/// The system's language as a tag, English where the system does not say.
pub(crate) fn system_locale() -> String {
    sys_locale::get_locale().unwrap_or_else(|| "en".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_decides_unless_a_person_did() {
        assert_eq!(Language::choose(Locale::System, "zh-Hans-CN"), Language::Chinese);
        assert_eq!(Language::choose(Locale::System, "de-DE"), Language::English);
        assert_eq!(Language::choose(Locale::English, "zh-CN"), Language::English);
        assert_eq!(Language::choose(Locale::Chinese, "en-US"), Language::Chinese);
    }

    #[test]
    fn unread_counts_read_well() {
        assert_eq!(Language::English.unread(0, 0), "");
        assert_eq!(Language::English.unread(3, 1), "3 new, 1 question");
        assert_eq!(Language::English.unread(1000, 2), "999+ new, 2 questions");
        assert_eq!(Language::Chinese.unread(3, 2), "3 条新消息，2 个提问");
    }
}
