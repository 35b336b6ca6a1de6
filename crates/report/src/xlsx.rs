//! The table as a workbook. Every text is a text, so nothing in it is ever a formula.

use std::io::{Seek, Write};

use aside_words::Key;
use jiff::Timestamp;
use rust_xlsxwriter::{Format, FormatAlign, Workbook, XlsxError};

use crate::asked::Asked;
use crate::export::{Options, Steps, Stop};
use crate::table::{ANSWERS, COLUMNS, answers, cells};

/// The longest text of a cell, in UTF-16 units, by Excel's own limits; what is longer goes on in the next cell.
const CELL: usize = 32_767;

/// Widths in characters, one for each column; the texts that people read get the room.
const WIDTHS: [f64; 18] = [
    8.0, 60.0, 30.0, 18.0, 20.0, 14.0, 12.0, 16.0, 10.0, 12.0, 8.0, 18.0, 18.0, 30.0, 20.0, 12.0,
    20.0, 9.0,
];
/// The columns that are numbers.
const NUMBERS: [usize; 4] = [0, 10, 15, 17];
/// The columns that are times.
const TIMES: [usize; 3] = [4, 14, 16];

pub(crate) fn xlsx(
    asked: &[Asked],
    options: &Options,
    file: impl Write + Seek + Send,
    steps: &mut Steps<'_>,
) -> Result<(), Stop> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory().map_err(wrong)?;
    let text = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    let plain = Format::new().set_align(FormatAlign::Top);
    let time = Format::new().set_align(FormatAlign::Top).set_num_format("yyyy-mm-dd hh:mm:ss");
    let head = Format::new().set_bold().set_text_wrap();
    sheet.set_name(options.language.say(Key::REPORT_SHEET)).map_err(wrong)?;
    for (column, width) in (0..).zip(WIDTHS) {
        sheet.set_column_width(column, width).map_err(wrong)?;
    }
    let last = u16::try_from(COLUMNS.len()).unwrap_or(u16::MAX);
    sheet.set_column_width(last, 90.0).map_err(wrong)?;
    sheet.set_freeze_panes(1, 2).map_err(wrong)?;
    for (column, key) in (0..).zip(COLUMNS.iter().chain([&ANSWERS])) {
        sheet
            .write_string_with_format(0, column, options.language.say(*key), &head)
            .map_err(wrong)?;
    }
    for (row, one) in (1..).zip(asked) {
        for (n, cell) in cells(one, options).iter().enumerate() {
            let column = u16::try_from(n).unwrap_or(u16::MAX);
            match (NUMBERS.contains(&n), cell.parse::<f64>()) {
                (true, Ok(number)) => {
                    sheet.write_number_with_format(row, column, number, &plain).map_err(wrong)?;
                }
                _ if TIMES.contains(&n) => {
                    let at = [Some(one.asked_at), one.first_answer_at, one.closed_at];
                    let at = TIMES.iter().position(|time| *time == n).and_then(|n| at[n]);
                    if let Some(serial) = at.and_then(|at| serial(at, options)) {
                        sheet
                            .write_number_with_format(row, column, serial, &time)
                            .map_err(wrong)?;
                    }
                }
                _ => {
                    let cell = pieces(cell).into_iter().next().unwrap_or_default();
                    sheet.write_string_with_format(row, column, cell, &text).map_err(wrong)?;
                }
            }
        }
        for (column, piece) in (last..).zip(pieces(&answers(one, options))) {
            sheet.write_string_with_format(row, column, piece, &text).map_err(wrong)?;
        }
        steps.one()?;
    }
    workbook.save_to_writer(file).map_err(wrong)?;
    Ok(())
}

/// A point in time as a workbook counts it: days since the last one of 1899, by the wall clock.
fn serial(ms: i64, options: &Options) -> Option<f64> {
    let wall = options.zone.to_datetime(Timestamp::from_millisecond(ms).ok()?);
    let start = jiff::civil::date(1899, 12, 30).at(0, 0, 0, 0);
    let seconds = wall.duration_since(start).as_secs();
    (seconds > 0).then(|| seconds as f64 / 86_400.0)
}

/// A text in pieces that fit into cells, without the characters that XML cannot say.
fn pieces(text: &str) -> Vec<String> {
    let allowed = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    let (mut pieces, mut piece, mut units) = (Vec::new(), String::new(), 0);
    for c in text.chars().filter(allowed) {
        if units + c.len_utf16() > CELL {
            pieces.push(std::mem::take(&mut piece));
            units = 0;
        }
        piece.push(c);
        units += c.len_utf16();
    }
    pieces.push(piece);
    pieces
}

fn wrong(error: XlsxError) -> Stop {
    match error {
        XlsxError::IoError(error) => Stop::Io(error),
        other => Stop::Io(std::io::Error::other(other)),
    }
}
