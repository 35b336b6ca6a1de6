//! The secret that opens a room, kept out of every printout.

use std::fmt;

use zeroize::Zeroizing;

/// An opaque secret. It has no `Serialize`, prints as `Token(…)`, and is wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Zeroizing<String>);

impl Token {
    /// Takes a secret as it was typed or stored; surrounding white space is not part of it.
    pub fn new(secret: impl Into<String>) -> Self {
        let secret = Zeroizing::new(secret.into());
        Self(Zeroizing::new(secret.trim().to_owned()))
    }

    /// The secret itself, for the one line that writes it into a frame, a header or the keyring.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no secret at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the secret can stand in an HTTP header (visible ASCII, no line breaks).
    pub fn fits_header(&self) -> bool {
        self.0.bytes().all(|b| (0x20..0x7f).contains(&b))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_prints_itself() {
        let token = Token::new(" s3cret\n");
        assert_eq!(token.expose(), "s3cret");
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert!(token.fits_header());
        assert!(!Token::new("a\r\nb").fits_header());
    }
}
