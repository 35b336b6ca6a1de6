//! Hours that are made again whole: written beside their files, then put in their places.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};

use super::shelf::{ENDING, HOUR, beside, free, is_ours, list};

/// Hours that are made again: written beside their files a part at a time, then put in their places. What is left when this is dropped
/// is taken away.
pub(super) struct Anew {
    folder: PathBuf,
    hours: BTreeSet<String>,
}

impl Anew {
    pub(super) fn beside(folder: PathBuf) -> Self {
        Self { folder, hours: BTreeSet::new() }
    }

    /// Adds the next part of each hour.
    pub(super) fn add(&mut self, hours: &BTreeMap<String, String>) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        for (hour, text) in hours {
            let path = beside(&self.path(hour));
            // A crash may have left one.
            let is_new = self.hours.insert(hour.clone());
            let mut options = fs::File::options();
            let options =
                if is_new { options.write(true).truncate(true) } else { options.append(true) };
            options.create(is_new).open(path)?.write_all(text.as_bytes())?;
        }
        Ok(())
    }

    /// Puts the hours in their places. Of those from `followed` on, everything is known that became of them: what they do not say any
    /// more was removed, and is to be nowhere. Of others the cache may have been lost: a file that says more stays, beside. An hour
    /// after `now` is another zone's, or another clock's, and stays.
    pub(super) fn take_place(self, followed: Option<&str>, now: &str) -> io::Result<()> {
        let is_followed = |hour: &str| followed.is_some_and(|first| hour >= first);
        for hour in &self.hours {
            let path = self.path(hour);
            let new = beside(&path);
            if is_same(&path, &new)? {
                fs::remove_file(new)?;
                continue;
            }
            if !is_followed(hour) && lines(&path)? > lines(&new)? {
                fs::rename(&path, free(&self.folder, hour))?;
            }
            fs::rename(new, path)?;
        }
        for file in list(&self.folder)? {
            let path = file.path();
            let hour = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let is_an_hour = is_ours(&path) && hour.len() == HOUR.len();
            if is_an_hour && is_followed(hour) && hour <= now && !self.hours.contains(hour) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn path(&self, hour: &str) -> PathBuf {
        self.folder.join(format!("{hour}.{ENDING}"))
    }
}

impl Drop for Anew {
    fn drop(&mut self) {
        for hour in &self.hours {
            let _moved = fs::remove_file(beside(&self.path(hour)));
        }
    }
}

/// Of a file that is not there, nothing.
fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    match fs::File::open(path) {
        Ok(file) => Ok(Box::new(BufReader::new(file))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Box::new(io::empty())),
        Err(error) => Err(error),
    }
}

fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    let (mut one, mut other) = (open(one)?, open(other)?);
    loop {
        let (left, right) = (one.fill_buf()?, other.fill_buf()?);
        let count = left.len().min(right.len());
        if left[..count] != right[..count] || count == 0 {
            return Ok(left.len() == right.len() && count == 0);
        }
        one.consume(count);
        other.consume(count);
    }
}

fn lines(path: &Path) -> io::Result<u64> {
    let (mut file, mut count) = (open(path)?, 0);
    loop {
        let part = file.fill_buf()?;
        if part.is_empty() {
            return Ok(count);
        }
        count += part.iter().filter(|byte| **byte == b'\n').count() as u64;
        let read = part.len();
        file.consume(read);
    }
}
