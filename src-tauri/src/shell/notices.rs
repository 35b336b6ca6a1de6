//! What a person should know, until they have read it or its cause is gone.

use std::sync::PoisonError;

use crate::dto::Notice;
use crate::shell::Shell;
use crate::ticks::Ticks;

impl Shell {
    /// Something that every page says, now or when it starts. Said once, however often it happened.
    pub(crate) fn notice(&self, code: &str, params: &[(&str, String)]) {
        let notice = notice(code, params);
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        if !notices.contains(&notice) {
            notices.push(notice);
            self.ticks.iter().for_each(Ticks::changed);
        }
    }

    pub(crate) fn notices(&self) -> Vec<Notice> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was said so is not so any more.
    pub(crate) fn take_back_notice(&self, code: &str, params: &[(&str, String)]) {
        self.dismiss(&notice(code, params));
    }

    /// The same, whatever it was said of.
    pub(crate) fn take_back_notices(&self, code: &str) {
        let said = self.notices();
        said.iter().filter(|notice| notice.code == code).for_each(|notice| {
            self.dismiss(notice);
        });
    }

    /// It was read; false where nothing like it is said.
    pub(crate) fn dismiss(&self, notice: &Notice) -> bool {
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        let before = notices.len();
        notices.retain(|other| other != notice);
        let found = notices.len() < before;
        if found {
            self.ticks.iter().for_each(Ticks::changed);
        }
        found
    }
}

fn notice(code: &str, params: &[(&str, String)]) -> Notice {
    let named = |(name, value): &(&str, String)| ((*name).to_owned(), value.clone());
    Notice { code: code.to_owned(), params: params.iter().map(named).collect() }
}

#[cfg(test)]
mod tests {
    use crate::shell::tests::{keyring, shell_at};

    #[tokio::test]
    async fn a_notice_is_said_until_it_was_read_or_taken_back() {
        let home = tempfile::tempdir().unwrap();
        let shell = shell_at(home.path(), &keyring(), || ());
        let hall = [("room", "Hall".to_owned())];
        shell.notice("host_not_started", &hall);
        shell.notice("host_not_started", &hall);
        shell.notice("no_keyring", &[]);
        let said = shell.notices();
        assert_eq!((said.len(), &said), (2, &shell.boot().notices));
        assert!(shell.dismiss(&said[1]) && !shell.dismiss(&said[1]));
        shell.take_back_notice("host_not_started", &[]);
        assert_eq!(shell.notices(), said[..1], "of another room");
        shell.take_back_notice("host_not_started", &hall);
        assert_eq!(shell.boot().notices, []);
        shell.notice("no_keyring", &[]);
        assert_eq!(shell.notices(), said[1..], "it has happened again");
    }
}
