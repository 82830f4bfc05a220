//! How long finding takes on a tree of real files: `cargo bench --bench find -- DIR [ROUNDS]`.
//!
//! Prints the best of some rounds, warm: wall time from the first directory entry to the last finding, and the peak
//! memory of the process. Compare with `rg -l image DIR`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use tagboat::manifest::{self, Finding, Layout, Options};

#[derive(Default)]
struct Sum {
    files: usize,
    bytes: usize,
    references: usize,
    remarks: usize,
}

#[expect(clippy::print_stdout, reason = "the figures are what a benchmark is for")]
fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let Some(root) = arguments.next().map(PathBuf::from) else {
        println!("usage: cargo bench --bench find -- DIR [ROUNDS]");
        return;
    };
    let rounds = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(5);
    let mut best: Option<(Duration, Sum)> = None;
    for _ in 0..rounds {
        let start = Instant::now();
        let sum = round(&root);
        let wall = start.elapsed();
        if best.as_ref().is_none_or(|(shortest, _)| wall < *shortest) {
            best = Some((wall, sum));
        }
    }
    if let Some((wall, sum)) = best {
        let (megabytes, milliseconds) = (sum.bytes as f64 / 1e6, wall.as_secs_f64() * 1e3);
        println!("{} files read, {megabytes:.1} MB; {} references, {} remarks", sum.files, sum.references, sum.remarks);
        println!("{milliseconds:.0} ms wall; peak memory {}", peak_memory().unwrap_or_else(|| "unknown".to_owned()));
    }
}

fn round(root: &Path) -> Sum {
    let walk = ignore::WalkBuilder::new(root).standard_filters(false).build();
    let files = walk.flatten().filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    let relative = |path: &Path| path.strip_prefix(root).ok().and_then(Path::to_str).map(str::to_owned);
    let paths: Vec<String> = files.filter_map(|entry| relative(entry.path())).collect();
    let options = Options { layout: Layout::new(paths.iter().map(String::as_str)), ..Options::default() };
    let wanted = paths.par_iter().filter(|path| manifest::reads(path));
    wanted.map(|path| one(root, path, &options)).reduce(Sum::default, |a, b| Sum {
        files: a.files + b.files,
        bytes: a.bytes + b.bytes,
        references: a.references + b.references,
        remarks: a.remarks + b.remarks,
    })
}

fn one(root: &Path, path: &str, options: &Options) -> Sum {
    let Ok(bytes) = std::fs::read(root.join(path)) else { return Sum::default() };
    let findings = manifest::find(path, &bytes, options);
    let references = findings.iter().filter(|finding| matches!(finding, Finding::Occurrence(_))).count();
    Sum { files: 1, bytes: bytes.len(), references, remarks: findings.len() - references }
}

/// As Linux tells it.
fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map(|text| text.trim().to_owned())
}
