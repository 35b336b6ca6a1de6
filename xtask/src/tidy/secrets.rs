//! Signing keys in workflows: no step that has one builds, nor does any after it, since whatever is built may read what a step can. What is built
//! brings along hundreds of other people's build scripts and npm packages.

use super::Source;

/// Names that secrets of ours begin with that sign.
const SIGNING: [&str; 3] = ["secrets.APPLE_", "secrets.WINDOWS_", "secrets.UPDATER_"];

/// Programs that run what others wrote in order to build.
const BUILDERS: [&str; 6] = ["cargo", "npm", "npx", "rustc", "rustup", ".ci/run"];

/// How a step begins in a workflow, and what stands before the keys of a job.
const STEP: &str = "      - ";
const IN_A_JOB: &str = "    ";

pub(super) fn check(source: &Source) -> Vec<String> {
    let workflow = source.path.starts_with(".github/workflows/");
    let Some(text) = source.text.as_deref().filter(|_| workflow) else { return Vec::new() };
    let mut breaches = Vec::new();
    // One that is named outside of steps is known to all of them.
    let (mut in_a_step, mut known) = (false, false);
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with('#') {
            continue;
        }
        let place = format!("{}:{}", source.path, number + 1);
        if line.starts_with(STEP) {
            in_a_step = true;
            known |= step(text, number).any(signs);
        } else if !line.starts_with(IN_A_JOB) || line[IN_A_JOB.len()..].starts_with(|c| c != ' ') {
            in_a_step = false;
            // Another job is another machine.
            known &= line.starts_with(IN_A_JOB) || line.is_empty();
        }
        if signs(line) && !in_a_step {
            breaches.push(format!("{place}: a signing key that more than one step can read"));
        }
        if in_a_step && known && builds(line) {
            breaches.push(format!("{place}: built where a signing key can be read"));
        }
    }
    breaches
}

/// The lines of the step that begins at one.
fn step(text: &str, first: usize) -> impl Iterator<Item = &str> {
    let mut lines = text.lines().skip(first);
    let rest = STEP.len();
    lines.next().into_iter().chain(
        lines.take_while(move |line| {
            line.trim().is_empty() || line.find(|c| c != ' ') >= Some(rest)
        }),
    )
}

fn signs(line: &str) -> bool {
    SIGNING.iter().any(|name| line.contains(name))
}

fn builds(line: &str) -> bool {
    line.split([' ', ';', '&', '|', '(', '"', '$']).any(|word| BUILDERS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaches(steps: &str) -> Vec<String> {
        let text = format!("on: push\njobs:\n  one:\n    runs-on: x\n    steps:\n{steps}");
        check(&Source { path: ".github/workflows/a.yml".to_owned(), text: Some(text) })
    }

    const BUILDS: &str = "      - name: Programs\n        run: |\n          cargo build\n";
    const SIGNS: &str = "      - name: Packages\n        env:\n          KEY: ${{ secrets.APPLE_ID }}\n        run: pack\n";

    #[test]
    fn nothing_is_built_where_a_signing_key_can_be_read() {
        assert_eq!(breaches(&format!("{BUILDS}{SIGNS}")), [] as [&str; 0]);
        let after = breaches(&format!("{SIGNS}{BUILDS}"));
        assert_eq!(after, [".github/workflows/a.yml:12: built where a signing key can be read"]);
        let within = format!("{}          && npm ci\n", SIGNS.replace("run: pack", "run: |"));
        assert_eq!(breaches(&within).len(), 1);
        let before = SIGNS.replace("env:", "run: cargo build\n        env:");
        assert_eq!(breaches(&before).len(), 1, "whatever comes first in it");
        let elsewhere = format!("{SIGNS}  two:\n    steps:\n{BUILDS}");
        assert_eq!(breaches(&elsewhere), [] as [&str; 0]);
        let for_all = format!("    env:\n      KEY: ${{{{ secrets.APPLE_ID }}}}\n{BUILDS}");
        assert_eq!(breaches(&for_all).len(), 1);
    }
}
