//! Runs validators over the action, the workflows, the Dockerfile and the scripts. A validator that is not
//! installed is recorded as a skip.
#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::process::find;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

struct Validator {
    name: &'static str,
    flags: &'static [&'static str],
    /// Files, or folders with the extension of the files in them.
    files: &'static [(&'static str, &'static str)],
}

#[rustfmt::skip]
const VALIDATORS: &[Validator] = &[
    Validator { name: "actionlint", flags: &[],                             files: &[(".github/workflows", "yml")] },
    Validator { name: "zizmor",     flags: &["--offline", "--no-progress"], files: &[(".github/workflows", "yml"), ("action.yml", "")] },
    Validator { name: "hadolint",   flags: &[],                             files: &[("Dockerfile", "")] },
    Validator { name: "shellcheck", flags: &[],                             files: &[(".github/action", "sh"), (".ci/run", ""), ("tests/run", ""), ("benches", "sh")] },
];

/// Returns a file, or all files below a folder that have this extension. Panics if there is none.
fn files(path: &Path, ending: &str) -> Vec<PathBuf> {
    let found = below(path, ending);
    assert!(!found.is_empty(), "no file in {} has the extension {ending:?}", path.display());
    found
}

fn below(path: &Path, ending: &str) -> Vec<PathBuf> {
    if !path.is_dir() {
        let fits = ending.is_empty() || path.extension().is_some_and(|end| end == ending);
        return fits.then(|| path.to_owned()).into_iter().collect();
    }
    fs::read_dir(path).unwrap().flat_map(|entry| below(&entry.unwrap().path(), ending)).collect()
}

fn passes(program: &Path, arguments: &[&str], files: &[PathBuf]) {
    let output = Command::new(program).args(arguments).args(files).current_dir(ROOT).output().unwrap();
    let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{}: {printed}", program.display());
}

#[test]
fn validators_find_no_problems() {
    for Validator { name, flags, files: of } in VALIDATORS {
        let Some(program) = find(name) else { continue };
        let files = of.iter().flat_map(|(path, ending)| files(&Path::new(ROOT).join(path), ending));
        passes(&program, flags, &files.collect::<Vec<_>>());
    }
}

/// action-validator takes one file at a time. Its schema of workflows (0.6.0) lacks the permission `attestations`.
#[test]
fn action_and_workflows_match_their_schemas() {
    let Some(program) = find("action-validator") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut all = files(&Path::new(ROOT).join(".github/workflows"), "yml");
    all.push(Path::new(ROOT).join("action.yml"));
    for file in all {
        let text = fs::read_to_string(&file).unwrap();
        let copy = folder.path().join(file.file_name().unwrap());
        fs::write(&copy, text.replace("      attestations: write\n", "")).unwrap();
        passes(&program, &[], &[copy]);
    }
}
