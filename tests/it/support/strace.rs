//! Interrupts the program at its writes to files with strace: kills it, or makes a system call fail.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::process::find;
use super::skip;

/// The system calls that change files, their names or their attributes.
const CALLS: &[&str] = &[
    "openat",
    "write",
    "pwrite64",
    "writev",
    "ftruncate",
    "fsync",
    "fdatasync",
    "fchmod",
    "fchown",
    "chmod",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "rmdir",
];

/// How many more calls than in the record another thread may have.
const MARGIN: usize = 5;

/// A system call that changed a file.
#[derive(Clone, Debug)]
pub(crate) struct FileWrite {
    pub(crate) call: String,
    /// The number among the calls of this name in one thread, from 1.
    pub(crate) number: usize,
    /// The call as strace prints it, for messages.
    pub(crate) text: String,
    /// Whether no other thread has nearly as many calls of this name. A fault hits the call with its number in each thread, and a
    /// fault where one thread wakes another is none of a disk.
    pub(crate) is_of_one_thread: bool,
}

/// The program strace, and a file for its log.
pub(crate) struct Strace {
    program: PathBuf,
    folder: TempDir,
}

impl Strace {
    /// Records a skip if strace is absent, or cannot trace processes here.
    pub(crate) fn find() -> Option<Self> {
        let strace = Self { program: find("strace")?, folder: tempfile::tempdir().unwrap() };
        let prefix = strace.prefix(&[]);
        let traced = Command::new(&prefix[0]).args(&prefix[1..]).arg("true").output().unwrap();
        if !traced.status.success() || strace.log().is_empty() {
            skip(&format!("strace cannot trace processes here: {}", String::from_utf8_lossy(&traced.stderr).trim()));
            return None;
        }
        Some(strace)
    }

    /// Returns the start of a command that records the writes of a process, without those of the programs that it starts.
    pub(crate) fn record(&self) -> Vec<String> {
        self.prefix(&[])
    }

    /// Returns the start of a command that kills a process at a write.
    pub(crate) fn kill(&self, at: &FileWrite) -> Vec<String> {
        self.prefix(&["-e", &format!("inject={}:signal=KILL:when={}", at.call, at.number)])
    }

    /// Returns the start of a command in which the disk is full at a write.
    pub(crate) fn full_disk(&self, at: &FileWrite) -> Vec<String> {
        self.prefix(&["-e", &format!("inject={}:error=ENOSPC:when={}", at.call, at.number)])
    }

    /// Returns the start of a command that records what all processes write to files and pipes, and the arguments and variables of the
    /// programs that they start.
    pub(crate) fn record_text(&self) -> Vec<String> {
        let (program, log) = (self.program.display().to_string(), self.folder.path().join("log").display().to_string());
        let trace = format!("trace=execve,{}", CALLS.join(","));
        [&program, "-f", "-v", "-s", "1000000", "-o", &log, "-e", &trace].map(str::to_owned).to_vec()
    }

    fn prefix(&self, more: &[&str]) -> Vec<String> {
        let (program, log) = (self.program.display().to_string(), self.folder.path().join("log").display().to_string());
        let trace = format!("trace={}", CALLS.join(","));
        let always = [&program, "-f", "-y", "-b", "execve", "-o", &log, "-e", &trace, "-e", "signal=none"];
        always.iter().chain(more).map(|word| (*word).to_owned()).collect()
    }

    /// Returns the log of the last command.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Returns the calls that the last command did not carry out.
    pub(crate) fn hits(&self, folder: &Path) -> Hits {
        hits(&self.log(), folder)
    }

    /// Returns the recorded writes below these folders.
    pub(crate) fn writes(&self, folders: &[&Path]) -> Vec<FileWrite> {
        writes(&self.log(), folders)
    }
}

/// Which calls a fault hit: one of each thread.
pub(crate) struct Hits {
    /// The writes to files below the folder, as strace prints them.
    pub(crate) writes: Vec<String>,
    /// Whether one was another call: no disk fails when a thread wakes another one, writes to the standard output or reads a file.
    pub(crate) elsewhere: bool,
}

fn hits(log: &str, folder: &Path) -> Hits {
    let calls = log.lines().filter_map(|line| line.split_once(' ').map(|(_, text)| text.trim_start()));
    let hit = calls.filter(|text| text.ends_with("(INJECTED)"));
    let (writes, others): (Vec<&str>, Vec<&str>) = hit.partition(|text| is_write_below(text, &[folder]));
    Hits { writes: writes.into_iter().map(str::to_owned).collect(), elsewhere: !others.is_empty() }
}

/// Returns whether a call, as strace prints it, writes to a file below one of the folders.
fn is_write_below(text: &str, folders: &[&Path]) -> bool {
    let Some((call, arguments)) = text.split_once('(') else { return false };
    // The current folder is no argument.
    let arguments = arguments.split_once("AT_FDCWD<").map_or(arguments, |(_, rest)| rest.split_once('>').unwrap().1);
    let is_below = folders.iter().any(|folder| arguments.contains(&format!("{}/", folder.display())));
    is_below && (call != "openat" || arguments.contains("O_CREAT"))
}

fn writes(log: &str, folders: &[&Path]) -> Vec<FileWrite> {
    let mut numbers: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut writes = Vec::new();
    for (thread, text) in log.lines().filter_map(|line| line.split_once(' ')) {
        let Some((call, _)) = text.trim_start().split_once('(') else { continue };
        let Some(call) = CALLS.iter().find(|known| **known == call) else { continue };
        let number = numbers.entry((thread, call)).or_default();
        *number += 1;
        if is_write_below(text.trim_start(), folders) {
            let (call, text) = ((*call).to_owned(), text.trim_start().to_owned());
            writes.push((thread, FileWrite { call, number: *number, text, is_of_one_thread: false }));
        }
    }
    let others = |thread: &str, call: &str| {
        numbers.iter().filter(|((other, name), _)| *other != thread && *name == call).map(|(_, number)| *number).max()
    };
    let with_others = |(thread, write): (&str, FileWrite)| {
        let is_of_one_thread = others(thread, &write.call).is_none_or(|most| most + MARGIN < write.number);
        FileWrite { is_of_one_thread, ..write }
    };
    writes.into_iter().map(with_others).collect()
}

#[test]
fn counts_the_writes_of_each_thread() {
    let log = "\
7 openat(AT_FDCWD</a>, \"/lib/x\", O_RDONLY) = 3
7 openat(AT_FDCWD</a>, \"/a/b\", O_WRONLY|O_CREAT, 0600) = 3</a/b>
8 write(3</a/b>, \"x\", 1 <unfinished ...>
7 write(4<anon_inode:[eventfd]>, \"x\", 1) = 1
8 <... write resumed>) = 1
7 write(3</a/b>, \"x\", 1) = 1
7 openat(AT_FDCWD</a>, \"/b/c\", O_WRONLY|O_CREAT, 0600) = 3</b/c>
7 +++ exited with 0 +++
";
    let found = writes(log, &[Path::new("/a")]);
    let found = found.iter().map(|write| (&*write.call, write.number)).collect::<Vec<_>>();
    assert_eq!(found, [("openat", 2), ("write", 1), ("write", 2)]);
}

#[test]
fn counts_only_writes_below_the_folder_as_hits() {
    let log = "\
7 openat(AT_FDCWD</a>, \"/a/b\", O_WRONLY|O_CREAT, 0600) = -1 ENOSPC (No space left on device) (INJECTED)
8 openat(AT_FDCWD</a>, \"/a/c\", O_RDONLY) = -1 ENOSPC (No space left on device) (INJECTED)
";
    let found = hits(log, Path::new("/a"));
    assert_eq!(found.writes.len(), 1);
    assert!(found.elsewhere);
}
