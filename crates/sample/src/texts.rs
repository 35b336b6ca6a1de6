//! What people write in a room.

use crate::dice::Dice;

/// Two words that stand in one text of ten thousand, and two that stand in one text alone.
pub const RARE: (&str, &str) = ("麒麟", "xylophone");
/// As [`RARE`], once in all.
pub const ONCE: (&str, &str) = ("饕餮", "zyzzyva");

/// The commonest first.
const HAN: &[&str] = &[
    "的",
    "了",
    "是",
    "我",
    "今天",
    "老师",
    "直播",
    "这个",
    "有",
    "请问",
    "讲义",
    "在哪",
    "声音",
    "谢谢",
    "可以",
    "什么",
    "下载",
    "大家",
    "问题",
    "不",
    "主播",
    "加油",
    "支持",
    "我们",
    "公司",
    "去年",
    "方法",
    "效果",
    "不错",
    "知道",
    "开始",
    "时候",
    "期待",
    "学习",
    "清楚",
    "一下",
    "为什么",
    "怎么",
    "没有",
    "已经",
    "链接",
    "回放",
    "画面",
    "卡",
    "好听",
    "辛苦",
    "明白",
    "数据",
    "模型",
    "价格",
    "优惠",
    "报名",
    "课程",
    "作业",
    "考试",
    "答案",
    "同学",
    "参数",
    "版本",
    "更新",
    "安装",
    "失败",
    "成功",
    "电脑",
    "手机",
    "网络",
    "延迟",
    "北京",
    "上海",
    "深圳",
];
const LATIN: &[&str] = &[
    "the", "is", "stream", "it", "to", "and", "you", "great", "a", "why", "sound", "does", "lag",
    "today", "thanks", "for", "slides", "where", "can", "find", "my", "question", "about",
    "answer", "looks", "fine", "this", "that", "how", "do", "we", "please", "link", "video",
    "audio", "delay", "good", "love", "first", "hello", "release", "update", "install", "works",
    "broken", "again", "window", "linux", "server", "client", "token", "latency", "memory", "café",
    "naïve", "über", "señor",
];
const REPEATS: &[&str] =
    &["666", "哈哈哈哈", "+1", "扣1", "lol", "？？？", "1", "加油！", "gg", "请问讲义在哪里下载"];
const SIGNS: &[&str] = &["👏", "😂", "❤️", "🔥", "👍🏽", "🎉", "👨‍👩‍👧", "🇨🇳", "😭", "✨"];
const OTHERS: &[&str] = &[
    "שלום",
    "לכולם",
    "תודה",
    "مرحبا",
    "شكرا",
    "سؤال",
    "안녕하세요",
    "감사합니다",
    "こんにちは",
    "ありがとう",
    "спасибо",
    "ไทย",
];

/// Lines without end.
#[derive(Clone, Debug)]
pub struct Texts {
    dice: Dice,
    made: usize,
}

impl Texts {
    /// The same seed, the same lines.
    pub fn new(seed: u64) -> Self {
        Self { dice: Dice::new(seed), made: 0 }
    }

    /// How many characters a line is to have: most are short.
    fn length(&mut self) -> usize {
        match self.dice.roll(1_000) {
            0..=4 => 300 + self.dice.roll(1_701),
            5..=44 => 80 + self.dice.roll(220),
            45..=199 => 25 + self.dice.roll(55),
            _ => 1 + self.dice.roll(24),
        }
    }

    fn han(&mut self) -> String {
        if self.dice.roll(60) == 0 {
            // Whatever two characters: such a pair is met once or never again.
            let mut any = || char::from_u32(0x4e00 + self.dice.roll(0x51a0) as u32).unwrap_or('字');
            return [any(), any()].iter().collect();
        }
        HAN.get(self.dice.rank(7)).copied().unwrap_or("好").to_owned()
    }

    fn latin(&mut self) -> String {
        if self.dice.roll(20) == 0 {
            // A word of the long tail: a hundred thousand of them, the most of them seldom.
            let mut rank = 26 + self.dice.rank(17);
            let mut word = String::new();
            while rank > 0 {
                word.push(char::from(b'a' + (rank % 26) as u8));
                rank /= 26;
            }
            return word;
        }
        LATIN.get(self.dice.rank(6)).copied().unwrap_or("ok").to_owned()
    }

    fn words(&mut self, gap: &str, mut word: impl FnMut(&mut Self) -> String) -> String {
        let length = self.length();
        let mut line = String::new();
        let mut chars = 0;
        while chars < length {
            if chars > 0 {
                line.push_str(gap);
            }
            let word = word(self);
            chars += word.chars().count() + gap.len();
            line.push_str(&word);
        }
        line.chars().take(2_000).collect()
    }

    fn line(&mut self) -> String {
        match self.made {
            777 => return format!("{} {}", ONCE.0, ONCE.1),
            n if n % 10_000 == 1_234 => return format!("罕见词汇 {} {}", RARE.1, RARE.0),
            _ => {}
        }
        match self.dice.roll(100) {
            0..=49 => self.words("", Self::han),
            50..=79 => self.words(" ", Self::latin),
            80..=86 => self.words(" ", |texts| match texts.dice.roll(2) {
                0 => texts.han(),
                _ => texts.latin(),
            }),
            87..=92 => self.dice.one_of(REPEATS).to_owned(),
            93..=96 => {
                let many = 1 + self.dice.roll(5);
                self.dice.one_of(SIGNS).repeat(many)
            }
            _ => {
                let many = 1 + self.dice.roll(6);
                let words: Vec<_> = (0..many).map(|_| self.dice.one_of(OTHERS)).collect();
                words.join(" ")
            }
        }
    }
}

impl Iterator for Texts {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let line = self.line();
        self.made += 1;
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_lines_are_what_is_promised() {
        let lines: Vec<String> = Texts::new(crate::SEED).take(10_000).collect();
        let chinese = |line: &&String| line.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        let share = lines.iter().filter(chinese).count();
        assert!((4_500..6_500).contains(&share), "{share}");
        let lengths = || lines.iter().map(|line| line.chars().count());
        assert_eq!(lengths().min(), Some(1));
        assert!((1_500..=2_000).contains(&lengths().max().unwrap()));
        let with = |word: &str| lines.iter().filter(|line| line.contains(word)).count();
        assert_eq!((with(RARE.0), with(RARE.1), with(ONCE.0), with(ONCE.1)), (1, 1, 1, 1));
        assert!(with("שלום") > 10 && with("👏") > 10 && with("666") > 10);
    }
}
