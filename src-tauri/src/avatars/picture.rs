//! Makes whatever arrived a small PNG of our own, or nothing: no foreign bytes reach the page.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, ImageReader, Limits};

/// Twice the 48 px at which the largest picture is drawn.
const SIDE: u32 = 96;

/// The largest picture that is decoded at all, in pixels a side.
const LARGEST_SIDE: u32 = 1024;

/// What the decoder may allocate: 1024 x 1024 in 16-bit colour with alpha, and as much again to work in.
const ALLOCATED_BYTES: u64 = 2 * 1024 * 1024 * 8;

/// The bytes are no PNG, JPEG or WebP, or a broken or too large one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a picture that is shown")]
pub(super) struct NotAPicture;

/// Decodes a picture and draws it anew, at most [`SIDE`] a side.
pub(super) fn shrink(bytes: &[u8]) -> Result<Vec<u8>, NotAPicture> {
    let format = kind(bytes).ok_or(NotAPicture)?;
    if format == ImageFormat::Png && !has_whole_palette(bytes) {
        return Err(NotAPicture);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(LARGEST_SIDE);
    limits.max_image_height = Some(LARGEST_SIDE);
    limits.max_alloc = Some(ALLOCATED_BYTES);
    reader.limits(limits);
    let whole = reader.decode().map_err(|_| NotAPicture)?;
    let small =
        if whole.width().max(whole.height()) > SIDE { whole.thumbnail(SIDE, SIDE) } else { whole };
    let mut png = Vec::new();
    DynamicImage::ImageRgba8(small.into_rgba8())
        .write_to(&mut Cursor::new(&mut png), ImageFormat::Png)
        .map_err(|_| NotAPicture)?;
    Ok(png)
}

/// The kind by its first bytes; what a server says about it counts for nothing.
fn kind(bytes: &[u8]) -> Option<ImageFormat> {
    match bytes {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(ImageFormat::Png),
        [0xff, 0xd8, 0xff, ..] => Some(ImageFormat::Jpeg),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(ImageFormat::WebP),
        _ => None,
    }
}

/// Whether every palette of a PNG is a whole number of colours, three bytes each, as the format has it. The decoder
/// (png 0.18.1) takes that for granted and panics; what it says in later versions makes this needless:
/// <https://github.com/image-rs/image-png/pull/682>.
fn has_whole_palette(png: &[u8]) -> bool {
    // Behind the signature: length, name, that many bytes, a checksum; and again.
    let mut rest = png.get(8..).unwrap_or_default();
    while let [l0, l1, l2, l3, name @ .., _, _, _, _] = rest.get(..12).unwrap_or_default() {
        let length = u32::from_be_bytes([*l0, *l1, *l2, *l3]) as usize;
        if name == b"PLTE" && !length.is_multiple_of(3) {
            return false;
        }
        rest = rest.get(length.saturating_add(12)..).unwrap_or_default();
    }
    true
}

#[cfg(test)]
pub(super) fn painted(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    let picture =
        image::RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 128]));
    DynamicImage::ImageRgb8(picture).write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_kinds_become_small_pngs() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let png = shrink(&painted(400, 200, format)).unwrap();
            let drawn = image::load_from_memory_with_format(&png, ImageFormat::Png).unwrap();
            assert_eq!((drawn.width(), drawn.height()), (96, 48));
        }
        let png = shrink(&painted(20, 30, ImageFormat::Png)).unwrap();
        let drawn = image::load_from_memory(&png).unwrap();
        assert_eq!((drawn.width(), drawn.height()), (20, 30), "a small one stays as it is");
    }

    #[test]
    fn a_palette_that_ends_within_a_colour_is_refused_and_a_whole_one_is_drawn() {
        let whole = include_bytes!("../../../fuzz/seeds/picture/palette.png");
        assert!(shrink(whole).is_ok());
        let half = include_bytes!("../../../fuzz/seeds/picture/half_a_colour.png");
        assert_eq!(shrink(half), Err(NotAPicture));
    }

    #[test]
    fn nothing_else_is_drawn() {
        let mut broken = painted(64, 64, ImageFormat::Png);
        broken.truncate(100);
        let svg =
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_vec();
        for bytes in [
            vec![],
            b"GIF89a".to_vec(),
            svg,
            broken,
            vec![0xff, 0xd8, 0xff],
            b"\x89PNG\r\n\x1a\n".to_vec(),
        ] {
            assert_eq!(shrink(&bytes), Err(NotAPicture));
        }
        assert_eq!(shrink(&painted(LARGEST_SIDE + 1, 1, ImageFormat::Png)), Err(NotAPicture));
    }
}
