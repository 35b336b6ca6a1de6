//! QR codes, as the page draws them.

use qrcode::{Color, QrCode};

/// A QR code as the data of an SVG path, one unit a module, and its width; nothing for a text that does not fit in one.
pub(crate) fn code(text: &str) -> (Option<String>, u32) {
    let Ok(code) = QrCode::new(text) else { return (None, 0) };
    let width = code.width();
    let mut path = String::new();
    for (n, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            path.push_str(&format!("M{} {}h1v1h-1z", n % width, n / width));
        }
    }
    (Some(path), u32::try_from(width).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_three_corners() {
        let (path, width) = code("https://live.example.org/");
        let path = path.unwrap();
        for (x, y) in [(0, 0), (width - 7, 0), (0, width - 7)] {
            assert!(path.contains(&format!("M{x} {y}h1v1h-1z")), "{x} {y}");
            assert!(!path.contains(&format!("M{} {}h1v1h-1z", x + 1, y + 1)), "{x} {y}");
        }
        assert_eq!(code(&"x".repeat(10_000)), (None, 0));
    }
}
