//! Who is in the demo's room, and what they say: invented people, each of whom says that they are simulated.

use aside_protocol::{AnswerNotes, Body};
use aside_server::NewEntry;
use aside_words::{Key, Language};
use jiff::{SignedDuration, Timestamp};

/// What somebody writes. Invented people are no words of the app: a language without its own has the English ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tongue {
    English,
    Chinese,
}

impl From<Language> for Tongue {
    fn from(app: Language) -> Self {
        if app.tag().starts_with("zh") { Self::Chinese } else { Self::English }
    }
}

/// Someone in the room.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) user: String,
    pub(super) name: String,
    pub(super) tongue: Tongue,
}

/// The eight of the audience. Rooms are mixed, whatever the app's own language is.
const AUDIENCE: [(&str, &str, Tongue); 8] = [
    ("mia", "Mia", Tongue::English),
    ("xiaoyu", "小雨", Tongue::Chinese),
    ("tomek", "Tomek", Tongue::English),
    ("ahao", "阿浩", Tongue::Chinese),
    ("priya", "Priya", Tongue::English),
    ("linlin", "林琳", Tongue::Chinese),
    ("sven", "Sven", Tongue::English),
    ("nanfeng", "南风", Tongue::Chinese),
];

/// What is said when someone just talks, in pairs: English, Chinese.
const TALK: [(&str, &str); 24] = [
    ("Good evening everyone!", "大家晚上好！"),
    ("Sound is clear here, thanks.", "声音很清楚，谢谢。"),
    ("The slide with the timeline was helpful.", "那张时间线的图很有帮助。"),
    ("Could the camera move a little to the left?", "镜头可以往左一点吗？"),
    ("Hello from Gdańsk 👋", "来自成都的问候 👋"),
    ("That answers what I was wondering, great.", "正好解答了我的疑问，太好了。"),
    ("Writing this down.", "记下来了。"),
    ("The stream froze for a second, it is back now.", "刚才卡了一下，现在好了。"),
    ("I like that you show the numbers.", "喜欢你们把数据都摆出来。"),
    ("Is the chat always this friendly?", "这里的聊天一直这么友好吗？"),
    ("First time here, this is nice.", "第一次来，感觉不错。"),
    ("My colleague recommended this session.", "同事推荐我来听的。"),
    ("The second example was the clearest.", "第二个例子最清楚。"),
    ("Coffee ready, let's go.", "咖啡泡好了，开始吧。"),
    ("Agreed with the point about testing early.", "同意尽早测试这一点。"),
    ("We tried the same last year and it worked.", "我们去年试过同样的办法，有效。"),
    ("A bit slower please, the translation lags.", "请稍微慢一点，翻译跟不上。"),
    ("The captions help a lot.", "字幕帮了大忙。"),
    ("Could you zoom in on the table?", "能把表格放大一点吗？"),
    ("Thanks, readable now.", "谢谢，现在看得清了。"),
    ("I have to leave at half past, is there a replay?", "我半点要走，有回放吗？"),
    ("Saving my question for the end.", "我的问题留到最后再问。"),
    ("This part deserves its own session.", "这一部分值得单独讲一场。"),
    ("👏👏👏", "👏👏👏"),
];

/// What is asked and how it is answered, in pairs: English, Chinese.
const QUESTIONS: [[(&str, &str); 2]; 8] = [
    [
        ("Will the recording be available afterwards?", "之后会有录像吗？"),
        (
            "Yes, two hours after the end, under the same link.",
            "有的，结束两小时后，用同一个链接观看。",
        ),
    ],
    [
        ("Where can I download the slides?", "讲义在哪里下载？"),
        ("They are on the event page, under Materials.", "在活动页面的“资料”一栏。"),
    ],
    [
        ("How many people can join one account?", "一个账号可以几个人一起用？"),
        ("Up to five at the same time.", "最多五个人同时使用。"),
    ],
    [
        ("Is there a student price?", "学生有优惠吗？"),
        ("There is: half price with a valid student card.", "有，凭有效学生证半价。"),
    ],
    [
        ("Does it work without a network connection?", "没有网络也能用吗？"),
        (
            "Reading works offline; sending waits until you are back.",
            "离线可以阅读，发送会等到恢复连接之后。",
        ),
    ],
    [
        ("When is the next session?", "下一场是什么时候？"),
        ("Next Thursday, at the same time.", "下周四，同一时间。"),
    ],
    [
        ("Can questions be asked anonymously?", "可以匿名提问吗？"),
        (
            "Not in this room, but you may write to us directly.",
            "这个房间不行，不过可以直接写信给我们。",
        ),
    ],
    [
        ("Which version do the examples use?", "示例用的是哪个版本？"),
        (
            "The one from this spring; it is named on the last slide.",
            "今年春天的版本，最后一页有写。",
        ),
    ],
];

/// How many lines stand in the room before anyone joins it.
const HISTORY: usize = 68;

/// The time between two of them.
const STEP: SignedDuration = SignedDuration::from_secs(47);

fn pick((english, chinese): (&'static str, &'static str), tongue: Tongue) -> &'static str {
    match tongue {
        Tongue::English => english,
        Tongue::Chinese => chinese,
    }
}

fn labelled(name: &str, app: Language) -> String {
    app.fill(Key::SHELL_DEMO_PERSON, &[("name", &name)])
}

/// The audience; the label is in the app's language, the lines in each person's own.
pub(super) fn audience(app: Language) -> Vec<Person> {
    let person = |(user, name, tongue): (&str, &str, _)| Person {
        user: format!("demo-{user}"),
        name: labelled(name, app),
        tongue,
    };
    AUDIENCE.into_iter().map(person).collect()
}

/// The person at this window.
pub(super) fn you(app: Language) -> Person {
    let name = app.say(Key::SHELL_DEMO_YOU).to_owned();
    Person { user: "demo-you".to_owned(), name, tongue: app.into() }
}

/// The other one at the answer desk.
pub(super) fn colleague(app: Language) -> Person {
    let name = labelled(app.say(Key::SHELL_DEMO_COLLEAGUE), app);
    Person { user: "demo-colleague".to_owned(), name, tongue: app.into() }
}

/// The organisation that both answer for.
pub(super) fn organisation(app: Language) -> &'static str {
    app.say(Key::SHELL_DEMO_ORGANISATION)
}

/// Something to say, by number.
pub(super) fn talk(number: usize, tongue: Tongue) -> &'static str {
    pick(TALK[number % TALK.len()], tongue)
}

/// Something to ask, by number.
pub(super) fn question(number: usize, tongue: Tongue) -> &'static str {
    pick(QUESTIONS[number % QUESTIONS.len()][0], tongue)
}

/// The answer to a question of this cast, in the language that it was asked in; to anybody else's, a polite word.
pub(super) fn answer(question: &str, app: Language) -> &'static str {
    for [asked, answer] in QUESTIONS {
        if question == asked.0 {
            return answer.0;
        }
        if question == asked.1 {
            return answer.1;
        }
    }
    app.say(Key::SHELL_DEMO_LATER)
}

/// An hour of the room, up to `now`: mostly talk, every seventh line a question, most of them answered.
pub(super) fn history(app: Language, now: Timestamp) -> Vec<NewEntry> {
    let people = audience(app);
    (0..HISTORY)
        .map(|number| {
            let (asker, entry) = line(&people, number, app);
            // An answer is its writer's, under the asker's name.
            let user = match &entry {
                Body::Answer { .. } => colleague(app).user,
                Body::Message { .. } | Body::Question { .. } => asker.user.clone(),
            };
            let steps = i32::try_from(HISTORY - number).unwrap_or(0);
            let at = now.checked_sub(STEP * steps).unwrap_or(now);
            NewEntry::new(entry, user, asker.name.clone()).at(at)
        })
        .collect()
}

fn line(people: &[Person], number: usize, app: Language) -> (&Person, Body) {
    // Neighbours in the list do not talk in turn: five and eight have no common divisor.
    let asker = &people[(number / 7) * 5 % people.len()];
    let asked = question(number / 7, asker.tongue);
    match number % 7 {
        3 => (asker, Body::Question { text: asked.to_owned() }),
        5 if number / 7 % 4 != 3 => {
            let body = Body::Answer {
                org_name: organisation(app).to_owned(),
                org_logo: String::new(),
                question: asked.to_owned(),
                text: answer(asked, app).to_owned(),
                question_id: None,
                notes: AnswerNotes::default(),
            };
            (asker, body)
        }
        _ => {
            let speaker = &people[number * 5 % people.len()];
            (speaker, Body::Message { text: talk(number * 7, speaker.tongue).to_owned() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chinese() -> Language {
        Language::tagged("zh-CN").unwrap()
    }

    #[test]
    fn the_room_looks_alive_and_everyone_in_it_is_labelled() {
        for app in [Language::english(), chinese()] {
            let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(100_000);
            let entries = history(app, now);
            assert!(entries.len() > 60);
            assert!(entries.is_sorted_by_key(|entry| entry.created_at));
            assert!(entries.iter().all(|entry| entry.created_at.is_some_and(|at| at < now)));
            let kinds =
                |want: fn(&Body) -> bool| entries.iter().filter(|entry| want(&entry.body)).count();
            assert!(kinds(|body| matches!(body, Body::Question { .. })) >= 8);
            assert!(kinds(|body| matches!(body, Body::Answer { .. })) >= 6);
            let label = if app == Language::english() { "simulated" } else { "模拟" };
            assert!(entries.iter().all(|entry| entry.display_name.contains(label)));
            assert!(colleague(app).name.contains(label) && organisation(app).contains(label));
        }
    }

    #[test]
    fn an_answer_comes_in_the_language_of_the_question() {
        assert_eq!(
            answer("When is the next session?", chinese()),
            "Next Thursday, at the same time."
        );
        assert_eq!(answer("下一场是什么时候？", Language::english()), "下周四，同一时间。");
        assert_eq!(answer("Why?", chinese()), "好问题，我们稍后回答。");
    }
}
