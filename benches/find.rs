//! Measures how long it takes to list every reference of a tree: `cargo bench --bench find -- DIR [ROUNDS]`, or
//! `-- synthetic [ROUNDS]` for a generated tree of 25,000 files, of which 5,000 have one image with a Flux marker.
//!
//! Prints the best of some rounds with a warm cache, from the first directory entry to the last row of `tagboat list`:
//! wall and CPU time, and the peak memory of the process. Prints the same times for `rg -l image` if ripgrep is
//! installed.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tagboat::config::Config;
use tagboat::manifest::Finding;
use tagboat::run::{self, Folder};

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let Some(root) = arguments.next() else {
        println!("usage: cargo bench --bench find -- DIR|synthetic [ROUNDS]");
        return;
    };
    let rounds = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(5);
    let generated = (root == "synthetic").then(synthetic);
    let root = generated.as_ref().map_or(Path::new(&root), |folder| folder.path());

    let (time, listed) = best(rounds, || run::list(&Folder::new(root), &Config::default()));
    let references = listed.iter().filter(|one| matches!(one.finding, Finding::Occurrence(_))).count();
    let memory = peak_memory().unwrap_or_else(|| "unknown".to_owned());
    println!("tagboat: {references} references, {} notices; {time}; peak memory {memory}", listed.len() - references);
    let (time, found) = best(rounds, || ripgrep(root));
    if found {
        println!("rg -l image: {time}");
    }
}

/// Returns the shortest time of some rounds, and the result of the last one.
fn best<T>(rounds: usize, mut run: impl FnMut() -> T) -> (String, T) {
    let (mut result, mut shortest) = (run(), (Duration::MAX, Duration::MAX));
    for _ in 0..rounds {
        let (start, before) = (Instant::now(), cpu_time());
        result = run();
        shortest = shortest.min((start.elapsed(), cpu_time().saturating_sub(before)));
    }
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    (format!("{:.0} ms wall, {:.0} ms CPU", milliseconds(shortest.0), milliseconds(shortest.1)), result)
}

/// Searches the tree with ripgrep. Returns whether it is installed.
#[expect(clippy::disallowed_methods, reason = "the figures are compared with those of ripgrep")]
fn ripgrep(root: &Path) -> bool {
    let searched = Command::new("rg").args(["-l", "image"]).arg(root).stdout(Stdio::null()).status();
    searched.is_ok_and(|status| status.success())
}

/// Generates 250 folders of 100 files: every fifth file is a Deployment with one marked image, the others have no
/// image.
#[expect(clippy::disallowed_methods, reason = "generates the tree to measure")]
fn synthetic() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a temporary folder");
    for file in 0..25_000 {
        let folder = root.path().join(format!("apps/team-{}/app-{}", file / 1_000, file / 100));
        if file % 100 == 0 {
            std::fs::create_dir_all(&folder).expect("a folder");
        }
        let mut text = String::new();
        let object = |text: &mut String, version: &str, kind: &str| {
            let _ =
                writeln!(text, "apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: app-{file}\n  namespace: apps");
            let _ = writeln!(
                text,
                "  labels:\n    app.kubernetes.io/name: app-{file}\n    app.kubernetes.io/part-of: shop"
            );
        };
        if file % 5 == 0 {
            object(&mut text, "apps/v1", "Deployment");
            let _ =
                writeln!(text, "spec:\n  replicas: 2\n  template:\n    spec:\n      containers:\n        - name: app");
            let _ = write!(text, "          image: ghcr.io/acme/app-{file}:1.{}.0", file % 97);
            let _ = writeln!(text, " # {{\"$imagepolicy\": \"flux-system:app-{file}\"}}");
            let _ = writeln!(text, "          env:");
            for key in 0..20 {
                let _ = writeln!(text, "            - name: KEY_{key}\n              value: \"number {key}\"");
            }
        } else {
            object(&mut text, "v1", "ConfigMap");
            let _ = writeln!(text, "data:");
            for key in 0..30 {
                let _ = writeln!(text, "  KEY_{key}: \"a value of some length, number {}\"", file * key);
            }
        }
        std::fs::write(folder.join(format!("file-{file}.yaml")), text).expect("a file");
    }
    root
}

/// Returns the CPU time of this process and of its finished children as Linux reports it, in hundredths of a second.
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = text.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(4).filter_map(|word| word.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

/// Returns the peak memory of this process as Linux reports it.
fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map(|text| text.trim().to_owned())
}
