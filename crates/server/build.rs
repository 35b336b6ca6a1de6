//! Takes the audience's page into the server, where it was built: every file of `ui/audience/dist`, as it is and packed.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    // The folder of the page's sources is always there; one that is not would be looked for in every build.
    let folder = Path::new("../../ui/audience");
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rustc-check-cfg=cfg(page)");
    let mut files = Vec::new();
    collect(&folder.join("dist"), &mut files)?;
    files.sort();
    if !files.is_empty() {
        println!("cargo::rustc-cfg=page");
    }
    let mut table = String::from("&[\n");
    for file in files.iter().filter(|file| file.extension() != Some(OsStr::new("gz"))) {
        let name = file.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let plain = fs::canonicalize(file)?;
        let packed = packed(&plain);
        if !packed.is_file() {
            return Err(io::Error::other(format!("{} is not packed", file.display())));
        }
        writeln!(
            table,
            "    File {{ name: {name:?}, plain: include_bytes!({plain:?}), packed: include_bytes!({packed:?}) }},"
        )
        .map_err(io::Error::other)?;
    }
    table.push_str("]\n");
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("no OUT_DIR"))?;
    fs::write(Path::new(&out).join("page.rs"), table)
}

fn packed(plain: &Path) -> PathBuf {
    let mut name = plain.as_os_str().to_owned();
    name.push(".gz");
    PathBuf::from(name)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() { collect(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
