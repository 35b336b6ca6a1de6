//! The tray's picture, and the small number on it: how much waits for this person.

use tauri::image::Image;

/// Digits of three by five dots, a row of each in three bits.
const DIGITS: [[u8; 5]; 10] = [
    [0b111, 0b101, 0b101, 0b101, 0b111],
    [0b010, 0b110, 0b010, 0b010, 0b111],
    [0b111, 0b001, 0b111, 0b100, 0b111],
    [0b111, 0b001, 0b111, 0b001, 0b111],
    [0b101, 0b101, 0b111, 0b001, 0b001],
    [0b111, 0b100, 0b111, 0b001, 0b111],
    [0b111, 0b100, 0b111, 0b101, 0b111],
    [0b111, 0b001, 0b010, 0b010, 0b010],
    [0b111, 0b101, 0b111, 0b101, 0b111],
    [0b111, 0b101, 0b111, 0b001, 0b111],
];
const DIGIT: usize = 3;
const HEIGHT: usize = 5;

/// The plate and what stands on it: readable on light and dark panels alike.
const PLATE: [u8; 4] = [0xb3, 0x26, 0x1e, 0xff];
const INK: [u8; 4] = [0xff, 0xff, 0xff, 0xff];

/// The most that fits.
pub(crate) const MOST: u32 = 99;

/// The tray's three pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    Quiet,
    Unread,
    Offline,
}

impl Face {
    /// The picture, with a number on it.
    pub(crate) fn picture(self, number: u32) -> tauri::Result<Image<'static>> {
        let face = Image::from_bytes(match self {
            Face::Quiet => include_bytes!("../../icons/tray.png"),
            Face::Unread => include_bytes!("../../icons/tray-unread.png"),
            Face::Offline => include_bytes!("../../icons/tray-offline.png"),
        })?;
        Ok(stamp(&face, number))
    }
}

/// The picture with a number in its lower right corner; as it was for none, or where there is no room for one.
fn stamp(picture: &Image<'_>, number: u32) -> Image<'static> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut pixels = picture.rgba().to_vec();
    let digits: Vec<usize> =
        number.min(MOST).to_string().bytes().map(|digit| usize::from(digit - b'0')).collect();
    // Two digits, the gaps beside them, and the plate's rim take at most the whole width.
    let dot = width / (2 * DIGIT + 3);
    let plate = (dot * (digits.len() * (DIGIT + 1) + 1), dot * (HEIGHT + 2));
    if number > 0 && dot > 0 && plate.1 <= height && pixels.len() == width * height * 4 {
        let (left, top) = (width - plate.0, height - plate.1);
        let mut put = |x: usize, y: usize, colour: [u8; 4]| {
            let at = (y * width + x) * 4;
            pixels[at..at + 4].copy_from_slice(&colour);
        };
        for y in top..height {
            for x in left..width {
                put(x, y, PLATE);
            }
        }
        for (n, digit) in digits.into_iter().enumerate() {
            let start = (left + dot * (n * (DIGIT + 1) + 1), top + dot);
            for (row, bits) in DIGITS[digit].into_iter().enumerate() {
                for column in (0..DIGIT).filter(|column| bits >> (DIGIT - 1 - column) & 1 == 1) {
                    for y in 0..dot {
                        for x in 0..dot {
                            put(start.0 + column * dot + x, start.1 + row * dot + y, INK);
                        }
                    }
                }
            }
        }
    }
    Image::new_owned(pixels, picture.width(), picture.height())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(size: u32, number: u32) -> Vec<String> {
        let blank = Image::new_owned(vec![0; (size * size * 4) as usize], size, size);
        let stamped = stamp(&blank, number);
        stamped
            .rgba()
            .chunks(size as usize * 4)
            .map(|row| {
                let dot = |pixel: &[u8]| match pixel {
                    pixel if pixel == INK => '#',
                    pixel if pixel == PLATE => '.',
                    _ => ' ',
                };
                row.chunks(4).map(dot).collect()
            })
            .collect()
    }

    #[test]
    fn a_number_can_be_read() {
        let rows = drawn(9, 17);
        assert_eq!(
            rows[2..],
            [
                ".........",
                "..#..###.",
                ".##....#.",
                "..#...#..",
                "..#...#..",
                ".###..#..",
                "........."
            ]
        );
        assert_eq!(drawn(9, 4)[3].trim_start(), ".#.#.");
        assert_eq!(drawn(9, 5_000), drawn(9, 99));
    }

    #[test]
    fn nothing_is_drawn_for_none_nor_where_there_is_no_room() {
        for (size, number) in [(32, 0), (8, 5), (1, 5)] {
            assert!(drawn(size, number).concat().trim().is_empty(), "{size} {number}");
        }
    }
}
