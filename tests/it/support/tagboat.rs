//! Runs the program as people and CI do, without the configuration and the credentials of this machine.
//!
//! Every run has planted secrets in its environment and logs at the lowest level. Afterwards, standard output, the log, the
//! home and every file and folder in the arguments are searched for the secrets. Standard output and the log must hold nothing that
//! a terminal or a CI runner acts on.

use std::io::Write;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::{runner_commands, secret_leaks};

/// An environment of the program: a home, a folder for temporary files, and variables.
pub(crate) struct Tagboat {
    home: TempDir,
    /// The folder of docker's configuration.
    docker: TempDir,
    variables: Vec<(String, String)>,
    /// The start of the command: a program that starts the program under test, with its arguments.
    prefix: Vec<String>,
}

/// The result of a run.
#[derive(Debug)]
pub(crate) struct ProgramOutput {
    /// 128 and the number of the signal for a process that a signal ended, as in a shell.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    /// Standard error, without log lines below warnings unless the test sets a log level.
    pub(crate) stderr: String,
    /// The complete standard error.
    pub(crate) log: String,
    pub(crate) wall: Duration,
    /// The peak memory; 0 if the system does not report it.
    pub(crate) peak_kib: u64,
}

/// Measures the peak memory of a process until it ends, without its child processes.
fn peak_memory(id: u32) -> JoinHandle<u64> {
    let read = move || {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.to_owned();
        line.trim().trim_end_matches(" kB").parse::<u64>().ok()
    };
    std::thread::spawn(move || {
        let mut peak = 0;
        while let Some(now) = read() {
            peak = now;
            std::thread::sleep(Duration::from_millis(5));
        }
        peak
    })
}

impl Tagboat {
    pub(crate) fn new() -> Self {
        let (home, docker) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::create_dir(home.path().join("tmp")).unwrap();
        secret_leaks::docker_config(docker.path());
        let path = std::env::var("PATH").unwrap();
        let at = |path: &Path| path.display().to_string();
        let variables = [
            ("PATH", path),
            ("HOME", at(home.path())),
            ("TMPDIR", at(&home.path().join("tmp"))),
            ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
            ("DOCKER_CONFIG", at(docker.path())),
        ];
        let planted = secret_leaks::VARIABLES.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let variables = variables.into_iter().chain(planted).map(|(name, value)| (name.to_owned(), value)).collect();
        Self { home, docker, variables, prefix: vec![] }
    }

    /// Starts the program through another one, such as `strace -f`.
    pub(crate) fn started_by(self, prefix: Vec<String>) -> Self {
        Self { prefix, ..self }
    }

    /// Uses this text as the configuration of the operator.
    pub(crate) fn with_config(self, text: &str) -> Self {
        let file = self.docker.path().join("operator.yaml");
        std::fs::write(&file, text).unwrap();
        self.with("TAGBOAT_CONFIG", &file.display().to_string())
    }

    /// Sets a variable; the last value of a name wins.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> ProgramOutput {
        self.feed(arguments, "")
    }

    /// Runs the program with text on its standard input.
    pub(crate) fn feed(&self, arguments: &[&str], input: &str) -> ProgramOutput {
        let mut words = self.prefix.iter().map(|word| &**word).chain([env!("CARGO_BIN_EXE_tagboat")]);
        let mut command = Command::new(words.next().unwrap());
        command.args(words).args(arguments).env_clear().envs(self.variables()).current_dir(self.home.path());
        // A test of the log sets its own level.
        let quiet = arguments.iter().any(|argument| argument.starts_with("-q") || argument.starts_with("--quiet"));
        let verbose = arguments.iter().any(|argument| argument.starts_with("-v") || argument.starts_with("--verbose"));
        let own = quiet || verbose || self.variables().any(|(name, _)| name == "RUST_LOG");
        if !own {
            command.env("RUST_LOG", "trace");
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A program that has already ended reads nothing.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let (started, peak) = (Instant::now(), peak_memory(child.id()));
        let output = child.wait_with_output().unwrap();
        let wall = started.elapsed();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (code, stdout, log) = (exit_code(output.status), text(output.stdout), text(output.stderr));
        self.search(arguments, &stdout, &log);
        inspect(arguments, &stdout, &log);
        let stderr = if own { log.clone() } else { without_details(&log) };
        ProgramOutput { code, stdout, stderr, log, wall, peak_kib: peak.join().unwrap() }
    }

    fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Checks that no secret is in the output and the files of a run.
    fn search(&self, arguments: &[&str], stdout: &str, log: &str) {
        let secrets = secret_leaks::secrets(self.variables());
        assert_eq!(secret_leaks::found(&secrets, stdout.as_bytes()), [""; 0], "on standard output of {arguments:?}");
        assert_eq!(secret_leaks::found(&secrets, log.as_bytes()), [""; 0], "in the log of {arguments:?}: {log}");
        let named = arguments.iter().map(|argument| self.home.path().join(argument)).filter(|path| path.exists());
        for path in named.chain([self.home.path().to_owned()]) {
            assert_eq!(secret_leaks::found_below(&secrets, &path), [""; 0], "after {arguments:?}");
        }
        // The search works: it finds the planted password.
        assert_eq!(secret_leaks::found_below(&secrets, self.docker.path()).len(), 1);
    }

    /// Returns the home, which is also the working directory.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }
}

/// Checks that a terminal or a CI runner acts on nothing in the output of a run, except on the annotations of that format.
fn inspect(arguments: &[&str], stdout: &str, log: &str) {
    let annotates = arguments.contains(&"annotations");
    for (text, has_commands) in [(stdout, annotates), (log, false)] {
        assert_eq!(runner_commands::acting(text), "", "printed by {arguments:?}: {text:?}");
        let is_own = |line: &&str| has_commands && ["::warning ", "::error "].iter().any(|own| line.starts_with(own));
        let commands = runner_commands::commands(text);
        let commands: Vec<_> = commands.into_iter().filter(|line| !is_own(line)).collect();
        assert_eq!(commands, [""; 0], "printed by {arguments:?}");
        let imitated = |line: &str| line.trim_start().starts_with(runner_commands::IMITATED);
        assert!(!text.lines().any(imitated), "a name is a line of its own, printed by {arguments:?}: {text}");
    }
}

fn exit_code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap()
}

/// Returns a log without lines below warnings.
fn without_details(log: &str) -> String {
    let is_detail = |line: &&str| ["TRACE ", "DEBUG ", " INFO "].iter().any(|level| line.starts_with(level));
    log.split_inclusive('\n').filter(|line| !is_detail(line)).collect()
}

impl ProgramOutput {
    /// Returns the JSON document on standard output.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
