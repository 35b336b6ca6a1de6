//! Where packages come from: the lock files name versions and checksums, never a mirror or a download address.

use super::Source;

/// The one source that Cargo.lock may name: cargo's default registry, whatever stands in for it on a machine.
const DEFAULT_REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) fn check(source: &Source) -> Vec<String> {
    let Some(text) = &source.text else { return Vec::new() };
    let suspect: fn(&str) -> bool = match source.path.rsplit('/').next().unwrap_or_default() {
        "Cargo.lock" => |line| line.starts_with("source = ") && !line.contains(DEFAULT_REGISTRY),
        "package-lock.json" => |line| line.contains("\"resolved\":"),
        ".npmrc" => |line| line.contains("registry=") || line.contains("_auth"),
        "config.toml" => |line| line.contains("[source") || line.contains("[registr"),
        _ => return Vec::new(),
    };
    let place =
        |number: usize| format!("{}:{}: an address to download from", source.path, number + 1);
    text.lines()
        .enumerate()
        .filter(|(_, line)| suspect(line))
        .map(|(number, _)| place(number))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaches(path: &str, text: &str) -> usize {
        check(&Source { path: path.to_owned(), text: Some(text.to_owned()) }).len()
    }

    #[test]
    fn lock_files_name_no_mirror() {
        assert_eq!(breaches("Cargo.lock", "source = \"registry+https://mirror.example/index\""), 1);
        assert_eq!(breaches("Cargo.lock", &format!("source = \"{DEFAULT_REGISTRY}\"")), 0);
        assert_eq!(
            breaches("ui/package-lock.json", "  \"resolved\": \"https://mirror.example/a.tgz\","),
            1
        );
        assert_eq!(breaches("ui/package-lock.json", "  \"integrity\": \"sha512-x\","), 0);
        assert_eq!(breaches("ui/.npmrc", "registry=https://mirror.example/"), 1);
        assert_eq!(breaches("ui/.npmrc", "omit-lockfile-registry-resolved=true"), 0);
    }
}
