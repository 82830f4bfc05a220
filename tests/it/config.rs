//! `tagboat.yaml`: what people get to read when it is wrong, and what it means when it is right.

use std::fs;
use std::path::{Path, PathBuf};

use tagboat::config;

fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/config").join(folder);
    let files = fs::read_dir(folder).expect("a folder of fixtures").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
    files.sort();
    files
}

/// Beside each wrong file stands what is printed for it, to the letter. `BLESS=1` writes it anew.
#[test]
fn every_problem_is_told_with_its_place() {
    let files = fixtures("invalid");
    assert!(files.len() > 20);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let told = match config::parse(&text, "tagboat.yaml") {
            Ok(read) => panic!("{} was read: {read:?}", file.display()),
            Err(errors) => format!("{errors}\n"),
        };
        let beside = file.with_extension("txt");
        if std::env::var_os("BLESS").is_some() {
            fs::File::create(&beside).and_then(|mut out| std::io::Write::write_all(&mut out, told.as_bytes())).unwrap();
        }
        assert_eq!(told, fs::read_to_string(&beside).unwrap_or_default(), "{}", file.display());
    }
}
