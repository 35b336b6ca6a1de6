//! What is said while something is measured: the same lines in every run.

/// xorshift64*.
pub(crate) struct Words(u64);

const CHINESE: [&str; 6] = [
    "今天的声音很清楚",
    "请问讲义在哪里下载",
    "这个问题问得好",
    "我们公司去年也试过同样的办法，效果不错",
    "有人知道下一场什么时候开始吗",
    "谢谢老师",
];
const ENGLISH: [&str; 6] = [
    "the sound is fine today",
    "where can I find the slides?",
    "thanks for answering my question about the second part of the talk",
    "why does it lag",
    "hello from the other side of the planet",
    "שלום לכולם",
];

impl Default for Words {
    fn default() -> Self {
        Self(0x00a5_1de5)
    }
}

impl Words {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % sides
    }

    /// Who says what. No two lines are the same: repeats would fold into one row.
    pub(crate) fn line(&mut self) -> (String, String, String) {
        let person = self.roll(500);
        let texts = if self.roll(2) == 0 { CHINESE } else { ENGLISH };
        let text = format!("{} {:x}", texts[self.roll(texts.len())], self.roll(1 << 30));
        (format!("user-{person}"), format!("Person {person}"), text)
    }
}
