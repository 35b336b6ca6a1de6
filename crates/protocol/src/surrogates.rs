//! Half a surrogate pair, as a server leaves it that cuts an emoji in two: JSON by the letter, but no text.
//!
//! JavaScript and Java count such halves as characters, so a name or a body that was shortened there may end in one, written
//! as an escape. Nothing else is wrong with such an entry, and it must not be lost for it.

/// The JSON with each lone half replaced by the replacement character, if there is any. Whether it is JSON otherwise is for
/// the reader to say.
pub(crate) fn mended(json: &str) -> Option<String> {
    let mut mended: Option<String> = None;
    let (mut copied, mut at) = (0, 0);
    while let Some(backslash) = json.get(at..).and_then(|rest| rest.find('\\')) {
        let escape = at + backslash;
        at = match (unit(json, escape), unit(json, escape + UNIT)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => escape + 2 * UNIT,
            (Some(0xd800..=0xdfff), _) => {
                let mended = mended.get_or_insert_default();
                mended.push_str(&json[copied..escape]);
                mended.push_str("\\ufffd");
                copied = escape + UNIT;
                copied
            }
            // Also a backslash that stands for itself, which must not begin the next escape.
            _ => next_character(json, escape + 1),
        };
    }
    let mut mended = mended?;
    mended.push_str(&json[copied..]);
    Some(mended)
}

/// The length of `\uXXXX`.
const UNIT: usize = 6;

/// The number that an escape names, if one stands here.
fn unit(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..at + UNIT)?.strip_prefix("\\u")?;
    let hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u16::from_str_radix(digits, 16).ok().filter(|_| hexadecimal)
}

fn next_character(json: &str, at: usize) -> usize {
    at + json.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lone_halves_are_replaced() {
        for whole in [
            "",
            "{}",
            r#""\ud83d\ude00""#,
            r#""\\ud83d""#,
            r#""\u00e9\n\\""#,
            "\\",
            r"\u",
            r"\ud8",
            "\\é\\",
        ] {
            assert_eq!(mended(whole), None, "{whole}");
        }
        for (broken, whole) in [
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\uDE00\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\ud83d\ude00x""#, r#""\ufffd\ud83d\ude00x""#),
            (r#""\\\ud83dé""#, r#""\\\ufffdé""#),
            (r#""\ud83d\u0041""#, r#""\ufffd\u0041""#),
        ] {
            assert_eq!(mended(broken).as_deref(), Some(whole));
        }
    }
}
