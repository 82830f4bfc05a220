//! Interrupted writes to files: an `edit`, and a run that opens, updates, closes and commits, is killed at one of its writes, or
//! finds a full disk there, and then a second one completes it. The end state is that of an undisturbed run.
//!
//! A part of the writes is interrupted by default, and all with `TAGBOAT_TESTS_INTERRUPTIONS=all`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use serde_json::Value;
use tagboat::demo::registry::{EmbeddedRegistry, ImageSpec};
use tempfile::TempDir;

use crate::support::gitops::pod;
use crate::support::repository::{Bare, git, snapshot};
use crate::support::strace::{FileWrite, Strace};
use crate::support::tagboat::{ProgramOutput, Tagboat};

/// One of how many writes is interrupted by default.
const SHARE: usize = 15;

/// What happens at a write.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Interruption {
    Kill,
    FullDisk,
}

/// The command under test.
#[derive(Clone, Copy, PartialEq)]
enum Work {
    Edit,
    Run,
}

/// A folder with everything that the command reads and writes, before it starts, and the registry of its images.
struct Setup {
    work: Work,
    registry: EmbeddedRegistry,
    folder: TempDir,
}

impl Setup {
    async fn new(work: Work) -> Self {
        let registry = EmbeddedRegistry::start().await.unwrap();
        let setup = Self { work, registry, folder: tempfile::tempdir().unwrap() };
        setup.build("api:1.0 api:1.1 old:1.0 old:1.1 web:2.0 direct:1.0");
        let (host, root) = (setup.registry.host(), setup.folder.path());
        let operator = format!(
            "registries: {{ '{host}': {{ plain-http: true }} }}\nforge: {{ kind: local, folder: pulls }}\ngit: {{ base: main }}\n"
        );
        std::fs::write(root.join("operator.yaml"), operator).unwrap();
        let config = "rules: [{ paths: ['direct/**'], mode: commit }, {}]\npull-requests: { labels: [deploy], reviewers: [rita] }\n";
        let mut files = vec![("tagboat.yaml".to_owned(), config.to_owned())];
        for image in ["api:1.0", "old:1.0", "web:2.0", "direct:1.0"] {
            let folder = image.split(':').next().unwrap();
            let count = if work == Work::Edit { 3 } else { 1 };
            files.extend((0..count).map(|number| (format!("{folder}/{number}.yaml"), setup.pod(image))));
        }
        let commit = |files: &[(String, String)]| {
            let files = files.iter().map(|(path, text)| (&**path, &**text)).collect::<Vec<_>>();
            Bare::at(&root.join("gitops.git")).commit("main", &files, "Deploy")
        };
        Bare::new(root, "gitops");
        std::fs::create_dir(root.join("tmp")).unwrap();
        commit(&files);
        if work == Work::Edit {
            git(root, &["clone", "--quiet", "gitops.git", "checkout"]);
        } else {
            let output = setup.start(root, Tagboat::new());
            assert_eq!(output.code, 0, "{}", output.stderr);
        }
        setup.build("api:1.2 web:2.1 direct:1.1");
        commit(&[("old/0.yaml".to_owned(), setup.pod("old:1.1"))]);
        setup
    }

    fn build(&self, images: &str) {
        for (name, tag) in images.split_whitespace().filter_map(|image| image.split_once(':')) {
            self.registry.push(&format!("acme/{name}"), tag, &ImageSpec::default()).unwrap();
        }
    }

    fn pod(&self, image: &str) -> String {
        pod(&[format!("{}/acme/{image}", self.registry.host())])
    }

    /// Copies the folder.
    fn copy(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let from = self.folder.path().join(".");
        assert!(Command::new("cp").arg("-a").args([&from, folder.path()]).status().unwrap().success());
        folder
    }

    /// Runs the command in the folder, or in a copy.
    fn start(&self, root: &Path, tagboat: Tagboat) -> ProgramOutput {
        let at = |name: &str| root.join(name).display().to_string();
        let (command, repository) = match self.work {
            Work::Edit => ("edit", at("checkout")),
            Work::Run => ("run", format!("file://{}", at("gitops.git"))),
        };
        let (config, cache, report) = (at("operator.yaml"), at("cache"), at("report.json"));
        let tagboat = tagboat
            .with("TAGBOAT_CONFIG", &config)
            .with("TAGBOAT_CACHE_DIR", &cache)
            .with("TMPDIR", &at("tmp"))
            .with("RUST_LOG", "off");
        tagboat.run(&[command, "-C", &repository, "--report", &report])
    }
}

/// Returns what a run leaves in the end: branches with what they change, manifests, and the files of pull requests. Commit ids
/// depend on the time.
fn end_state(root: &Path) -> BTreeMap<String, String> {
    let mut state = BTreeMap::new();
    let bare = Bare::at(&root.join("gitops.git"));
    for branch in bare.branches().into_keys() {
        let change = git(&bare.path, &["diff-tree", "-p", &branch]);
        let change = change.lines().skip(1).collect::<Vec<_>>().join("\n");
        state.insert(format!("branch {branch}"), change + &git(&bare.path, &["log", "-1", "--format=%B", &branch]));
    }
    for folder in ["pulls", "checkout/api", "checkout/old", "checkout/web", "checkout/direct"] {
        for (path, bytes) in files(&root.join(folder)) {
            state.insert(format!("{folder}/{path}"), String::from_utf8(bytes).unwrap());
        }
    }
    // The names in the cache are digests.
    for folder in [".", "tmp", "cache", "cache/content", "cache/tags", "cache/seen"] {
        let entries = std::fs::read_dir(root.join(folder)).into_iter().flatten();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        state.extend(names.map(|name| (format!("{folder}/{name}"), String::new())));
    }
    let ids = regex::Regex::new("[0-9a-f]{40}").unwrap();
    let here = root.display().to_string();
    state.into_iter().map(|(name, text)| (name, ids.replace_all(&text, "ID").replace(&here, "FOLDER"))).collect()
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let found = if folder.is_dir() { snapshot(folder) } else { BTreeMap::new() };
    let name = |path: PathBuf| path.strip_prefix(folder).unwrap().display().to_string();
    found.into_iter().filter(|(path, _)| path.is_file()).map(|(path, bytes)| (name(path), bytes)).collect()
}

/// Waits until no git of a killed run uses the folder: what two runs do at the same time is another test.
fn wait_for_children(folder: &Path) {
    let folder = folder.display().to_string();
    let uses_folder = |process: std::io::Result<std::fs::DirEntry>| {
        let arguments = process.and_then(|process| std::fs::read(process.path().join("cmdline")));
        arguments.is_ok_and(|arguments| String::from_utf8_lossy(&arguments).contains(&folder))
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    while std::fs::read_dir("/proc").into_iter().flatten().any(uses_folder) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Interrupts the command at one write, then runs it again. Returns what is wrong.
fn interrupt(setup: &Setup, write: &FileWrite, kind: Interruption, (before, after): (&State, &State)) -> Vec<String> {
    let Some(strace) = Strace::find() else { return vec![] };
    let folder = setup.copy();
    let prefix = if kind == Interruption::Kill { strace.kill(write) } else { strace.full_disk(write) };
    let tagboat = Tagboat::new().started_by(prefix);
    let first = setup.start(folder.path(), tagboat);
    wait_for_children(folder.path());
    let mut wrong = Vec::new();
    let output = format!("{}{}", first.stdout, first.stderr);
    let is_reported = matches!(first.code, 1 | 3) && output.contains("No space left on device");
    let hits = strace.hits(folder.path());
    // The fault may hit another write than the recorded one, since the order of threads varies.
    // A cache that cannot be written is no error.
    let is_reported_at = |text: &String| needs_space(text) && !text.contains("/cache/");
    let is_error = !hits.elsewhere && !hits.writes.is_empty() && hits.writes.iter().all(is_reported_at);
    if kind == Interruption::FullDisk && is_error && !is_reported {
        wrong.push(format!("exit code {}: {output}", first.code));
    }
    for (name, bytes) in files(&folder.path().join("checkout")).into_iter().filter(|(name, _)| name.ends_with(".yaml"))
    {
        let text = String::from_utf8_lossy(&bytes);
        let name = format!("checkout/{name}");
        let is_whole = |state: &State| state.get(&name).is_none_or(|whole| *whole == text);
        if !is_whole(before) && !is_whole(after) {
            wrong.push(format!("{name} is neither old nor new: {text}"));
        }
    }
    let second = setup.start(folder.path(), Tagboat::new());
    if second.code != 0 {
        wrong.push(format!("the second run exits with {}: {}", second.code, second.stderr));
    }
    let report = std::fs::read(folder.path().join("report.json")).unwrap_or_default();
    if serde_json::from_slice::<Value>(&report).is_err() {
        wrong.push("the report is not JSON".to_owned());
    }
    let end = end_state(folder.path());
    let lines = |state: &State| state.iter().map(|(name, text)| format!("== {name}\n{text}\n")).collect::<String>();
    if end != *after {
        let (expected, actual) = (lines(after), lines(&end));
        wrong.push(similar::TextDiff::from_lines(&expected, &actual).unified_diff().context_radius(1).to_string());
    }
    wrong
}

/// Returns whether the disk can be full at a recorded write, and the fault hits it alone.
fn can_fill_the_disk(write: &FileWrite) -> bool {
    needs_space(&write.text) && write.is_of_one_thread
}

/// Returns whether a write, as strace prints it, needs space on the disk and is not allowed to fail.
fn needs_space(text: &str) -> bool {
    match text.split('(').next().unwrap_or_default() {
        "write" | "mkdir" => true,
        // Not that of a folder, which some file systems cannot do.
        "fsync" => text.contains(".tmp>"),
        // Not where gix tries what the file system can do.
        "openat" => !text.contains("_test_executable_bit") && !text.contains("\\303\\244"),
        _ => false,
    }
}

type State = BTreeMap<String, String>;

async fn interrupts_every_write(work: Work) {
    let Some(strace) = Strace::find() else { return };
    let setup = Setup::new(work).await;
    let before = end_state(setup.folder.path());
    let undisturbed = setup.copy();
    let tagboat = Tagboat::new().started_by(strace.record());
    let output = setup.start(undisturbed.path(), tagboat);
    assert_eq!(output.code, 0, "{}", output.stderr);
    let writes = strace.writes(&[undisturbed.path()]);
    let output = setup.start(undisturbed.path(), Tagboat::new());
    assert_eq!(output.code, 0, "{}", output.stderr);
    let after = end_state(undisturbed.path());
    assert_ne!(before, after);
    let share = if std::env::var("TAGBOAT_TESTS_INTERRUPTIONS").is_ok_and(|value| value == "all") { 1 } else { SHARE };
    let kill = writes.iter().map(|write| (write, Interruption::Kill));
    let full = writes.iter().filter(|write| can_fill_the_disk(write)).map(|write| (write, Interruption::FullDisk));
    let all = kill.chain(full).collect::<Vec<_>>();
    let chosen = all.iter().step_by(share).collect::<Vec<_>>();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let interrupt_some = || {
        while let Some((write, kind)) = chosen.get(next.fetch_add(1, Relaxed)) {
            let found = interrupt(&setup, write, *kind, (&before, &after));
            if !found.is_empty() {
                wrong.lock().unwrap().push(format!("{kind:?} at {}: {}", write.text, found.join("\n")));
            }
        }
    };
    std::thread::scope(|scope| (0..2).for_each(|_| drop(scope.spawn(interrupt_some))));
    let wrong = wrong.into_inner().unwrap();
    println!("{} of {} interruptions", chosen.len(), all.len());
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), chosen.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn second_edit_completes_an_interrupted_one() {
    interrupts_every_write(Work::Edit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn second_run_completes_one_that_was_interrupted_at_a_file() {
    interrupts_every_write(Work::Run).await;
}
