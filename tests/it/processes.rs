//! Signals, limits on threads, and temporary folders of the program.
#![cfg(unix)]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::double::{Fault, TOKEN};
use crate::support::gitops::{GitOps, pod};
use crate::support::process::find;
use crate::support::repository::git;
use crate::support::skip;

/// A folder with manifests, a folder for temporary files, a server that never answers, and a registry that requires a login, which a
/// helper of docker never returns.
struct Machine {
    folder: TempDir,
    silent: TcpListener,
    private: TcpListener,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["tmp", "big", "small"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let machine = Self {
            folder,
            silent: TcpListener::bind("127.0.0.1:0").unwrap(),
            private: TcpListener::bind("127.0.0.1:0").unwrap(),
        };
        let private = machine.private.local_addr().unwrap();
        std::thread::spawn({
            let private = machine.private.try_clone().unwrap();
            move || private.incoming().map_while(Result::ok).for_each(refuse)
        });
        let config = format!(r#"{{"credHelpers": {{"{private}": "slow"}}}}"#);
        std::fs::create_dir(machine.path(".docker")).unwrap();
        std::fs::write(machine.path(".docker/config.json"), config).unwrap();
        let helper = machine.path("docker-credential-slow");
        // The shell starts another program.
        std::fs::write(&helper, "#!/bin/sh\nsleep 60\nexit 1\n").unwrap();
        std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the program with these arguments, in which `SILENT` is the server. `wrapper` is the start of the shell command.
    fn start(&self, wrapper: &str, arguments: &str) -> Running {
        let arguments = arguments.replace("SILENT", &self.silent.local_addr().unwrap().to_string());
        let arguments = arguments.replace("PRIVATE", &self.private.local_addr().unwrap().to_string());
        // A shell without job control starts what is in its background with SIGINT ignored.
        let mut command = Command::new("env");
        command
            .args(["--default-signal=HUP,INT,TERM", "bash", "-c", &format!("{wrapper} $tagboat {arguments}")])
            .env_clear();
        let path = format!("{}:{}", self.folder.path().display(), std::env::var("PATH").unwrap());
        command.env("PATH", path).env("HOME", self.folder.path());
        command.env("TMPDIR", self.path("tmp")).env("tagboat", env!("CARGO_BIN_EXE_tagboat"));
        command.current_dir(self.folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(File::create(self.path("log")).unwrap());
        Running(command.spawn().unwrap())
    }

    /// Checks that no process is left. A process that gets a signal needs a moment to end.
    fn has_no_process(&self, when: &str) {
        let start = Instant::now();
        while !self.processes().is_empty() {
            assert!(start.elapsed() < Duration::from_secs(2), "{when}: {:?}", self.processes());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap()
    }

    /// Returns the commands of the processes that have the home of this machine, except those that ended.
    fn processes(&self) -> Vec<String> {
        let home = format!("HOME={}", self.folder.path().display());
        let read = |folder: &Path, file| std::fs::read(folder.join(file)).unwrap_or_default();
        let processes = std::fs::read_dir("/proc").into_iter().flatten().map(|entry| entry.unwrap().path());
        let has_home =
            |folder: &PathBuf| read(folder, "environ").split(|byte| *byte == 0).any(|line| line == home.as_bytes());
        processes
            .filter(has_home)
            .map(|folder| String::from_utf8_lossy(&read(&folder, "cmdline")).replace('\0', " "))
            .collect()
    }

    fn temporary_files(&self) -> Vec<PathBuf> {
        std::fs::read_dir(self.path("tmp")).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

/// Requires a login, whatever the request is.
fn refuse(mut stream: TcpStream) {
    let _ = stream.read(&mut [0; 4096]);
    let head = "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic realm=\"private\"\r\n";
    let _ = stream.write_all(format!("{head}content-length: 0\r\nconnection: close\r\n\r\n").as_bytes());
}

/// A running process, killed if the test ends first.
struct Running(Child);

impl Running {
    fn signal(&self, name: &str) {
        let kill = Command::new("kill").args([&format!("-{name}"), &self.0.id().to_string()]).status().unwrap();
        assert!(kill.success());
    }

    /// Waits until the shell has become the program: it may lose a signal before.
    fn wait_for_exec(&self) {
        let start = Instant::now();
        let name = format!("/proc/{}/comm", self.0.id());
        while std::fs::read_to_string(&name).is_ok_and(|name| matches!(name.trim(), "env" | "bash")) {
            assert!(start.elapsed() < Duration::from_secs(20), "the program does not start");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until the process ends, and returns its status and the time.
    fn end(&mut self) -> (ExitStatus, Duration) {
        let start = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return (status, start.elapsed());
            }
            assert!(start.elapsed() < Duration::from_secs(60), "the process does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const SIGNALS: [(&str, i32); 3] = [("HUP", 129), ("INT", 130), ("TERM", 143)];

#[test]
fn every_signal_ends_every_command_within_a_second() {
    let machine = Machine::new();
    let images: Vec<String> = (0..400_000).map(|number| format!("ghcr.io/acme/image-{number}:1.0")).collect();
    std::fs::write(machine.path("big/pod.yaml"), pod(&images)).unwrap();
    let images: Vec<String> = (0..5_000).map(|number| format!("ghcr.io/acme/image-{number}:1.0")).collect();
    std::fs::write(machine.path("small/pod.yaml"), pod(&images)).unwrap();
    let operator = format!("registries: {{ '{}': {{ plain-http: true }} }}\n", machine.private.local_addr().unwrap());
    std::fs::write(machine.path("operator.yaml"), operator).unwrap();
    #[rustfmt::skip]
    let rows = [
        ("a large file is parsed",                     "list -C big"),
        ("a large file is parsed, with JSON",          "list -C big --format json"),
        ("standard output is not read",               "list -C small"),
        ("standard output is not read, with JSON",    "list -C small --format json"),
        ("standard input has no end",                  "explain api --current 1.0 --policy semver:* --tags -"),
        ("a registry does not answer",                 "explain SILENT/acme/api --current 1.0 --policy semver:*"),
        ("git waits for a server",                     "plan --repository http://SILENT/acme/manifests.git"),
        ("ssh waits for a server",                     "plan --repository ssh://git@SILENT/acme/manifests.git"),
        ("a helper of docker does not answer",         "explain PRIVATE/acme/api --current 1.0 --policy semver:* --config operator.yaml"),
        ("git waits for a server, in a run",           "run --repository http://SILENT/acme/manifests.git"),
        ("git waits for a server, in the first of several runs", "run --every 1h --repository http://SILENT/acme/manifests.git"),
    ];
    for (work, arguments) in rows {
        for (name, code) in SIGNALS {
            let mut running = machine.start("exec", arguments);
            running.wait_for_exec();
            std::thread::sleep(Duration::from_millis(700));
            running.signal(name);
            let (status, elapsed) = running.end();
            let code = if arguments.contains("--every") { 0 } else { code };
            assert_eq!(status.code(), Some(code), "{name} while {work}: {status} {}", machine.log());
            assert!(elapsed < Duration::from_secs(1), "{name} while {work}: {elapsed:?}");
            if code != 0 {
                let log = machine.log();
                assert!(log.contains(&format!("error: stopped by SIG{name}\nhint: ")), "{work}: {log}");
                assert_eq!(log.contains("pushed"), arguments.starts_with("run "), "{work}: {log}");
            }
            assert_eq!(machine.temporary_files(), Vec::<PathBuf>::new(), "{name} while {work}");
            machine.has_no_process(&format!("{name} while {work}"));
        }
    }
}

/// A pull request that is being written is cut, and completed by the next run.
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_a_write_in_progress_within_a_second() {
    for (name, code) in SIGNALS {
        let machine = Machine::new();
        let gitops = GitOps::new("", &[("one/app.yaml", "api:1.0")]).await;
        gitops.double.fail("POST", Fault::Slow(Duration::from_secs(20)));
        let (url, forge) = (gitops.bare.url(), &gitops.double.api_url);
        let set = format!("export TAGBOAT_FORGE_TOKEN={TOKEN} TAGBOAT_FORGE_URL={forge}; exec");
        let run = format!("run --repository {url}");
        let mut running = machine.start(&set, &run);
        let start = Instant::now();
        while gitops.double.host(|host| host.pulls.is_empty()) {
            assert!(start.elapsed() < Duration::from_secs(30), "{}", machine.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        running.signal(name);
        let (status, elapsed) = running.end();
        assert_eq!(status.code(), Some(code), "{name}: {}", machine.log());
        assert!(elapsed < Duration::from_secs(1), "{name}: {elapsed:?}");
        assert_eq!(machine.temporary_files(), Vec::<PathBuf>::new());
        let (status, _) = machine.start(&set, &run).end();
        assert_eq!((status.code(), gitops.double.host(|host| host.pulls.len())), (Some(0), 1), "{}", machine.log());
    }
}

#[test]
fn a_signal_that_the_parent_ignores_stays_ignored() {
    if !Path::new("/proc/self/status").exists() {
        return skip("this system has no /proc");
    }
    let machine = Machine::new();
    let mut running = machine.start("trap '' HUP; exec", "plan --repository http://SILENT/acme/manifests.git");
    std::thread::sleep(Duration::from_millis(500));
    running.signal("HUP");
    std::thread::sleep(Duration::from_millis(700));
    assert!(running.0.try_wait().unwrap().is_none(), "{}", machine.log());
    running.signal("TERM");
    assert_eq!(running.end().0.code(), Some(143));
}

#[test]
fn the_next_start_removes_the_temporary_repository_of_a_killed_process() {
    let machine = Machine::new();
    let plan = "plan --repository http://SILENT/acme/manifests.git";
    let wait = |count| {
        let start = Instant::now();
        while machine.temporary_files().len() != count {
            assert!(start.elapsed() < Duration::from_secs(20), "{:?}: {}", machine.temporary_files(), machine.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    let mut killed = machine.start("exec", plan);
    wait(1);
    let left = machine.temporary_files().remove(0);
    assert_eq!(left.metadata().unwrap().permissions().mode() & 0o7777, 0o700);
    killed.signal("KILL");
    assert_eq!(killed.end().0.signal(), Some(9));
    assert!(left.is_dir());
    std::fs::create_dir(machine.path("empty")).unwrap();
    for command in ["list -C empty", "edit -C empty", "schema > schema.json", "plan -C empty"] {
        let name = format!("tagboat-{}.git", command.split(' ').next().unwrap());
        std::fs::create_dir(machine.path("tmp").join(&name)).unwrap();
        machine.start("exec", command).end();
        assert_eq!(machine.temporary_files(), Vec::<PathBuf>::new(), "{command}: {}", machine.log());
    }
    std::fs::create_dir(&left).unwrap();
    let mut second = machine.start("exec", plan);
    let start = Instant::now();
    while left.exists() {
        assert!(start.elapsed() < Duration::from_secs(20), "{}", machine.log());
    }
    wait(1);
    // A third process leaves the folder of the second one alone.
    let mut third = machine.start("exec", plan);
    wait(2);
    for running in [&mut second, &mut third] {
        running.signal("TERM");
        assert_eq!(running.end().0.code(), Some(143));
    }
    wait(0);
}

/// A signal ends the demonstration with its folder, and the next start removes the folder of a killed one.
#[test]
fn the_folder_of_a_demonstration_does_not_stay() {
    let machine = Machine::new();
    let has_folder = || {
        let files = machine.temporary_files();
        files.iter().any(|path| path.to_string_lossy().contains("tagboat-demo-"))
    };
    for signal in ["HUP", "INT", "TERM", "KILL"] {
        let mut demo = machine.start("exec", "demo > /dev/null");
        let start = Instant::now();
        while !has_folder() {
            assert!(start.elapsed() < Duration::from_secs(20), "{signal}: {}", machine.log());
        }
        demo.signal(signal);
        demo.end();
        assert_eq!(has_folder(), signal == "KILL", "{signal}: {:?}", machine.temporary_files());
    }
    machine.start("exec", "schema > /dev/null").end();
    assert_eq!(machine.temporary_files(), Vec::<PathBuf>::new());
    // One that is kept stays.
    machine.start("exec", "demo --keep > /dev/null").end();
    machine.start("exec", "schema > /dev/null").end();
    assert!(has_folder(), "{:?}", machine.temporary_files());
}

#[test]
fn invalid_numbers_of_threads_are_usage_errors() {
    let machine = Machine::new();
    for variable in ["TOKIO_WORKER_THREADS", "RAYON_NUM_THREADS"] {
        for (value, code) in [("0", 64), ("-1", 64), ("many", 64), ("99999999999999", 64), ("1", 0), ("", 0)] {
            let mut running = machine.start(&format!("export {variable}={value}; exec"), "list -C small");
            let (status, log) = (running.end().0, machine.log());
            assert_eq!(status.code(), Some(code), "{variable}={value}: {log}");
            let expected = format!("error: invalid value `{value}` in {variable}\nhint: set it to a number");
            assert!(code == 0 && log.is_empty() || log.starts_with(&expected), "{variable}={value}: {log}");
        }
    }
}

#[test]
fn a_limit_on_threads_is_an_error() {
    let (Some(prlimit), Some(setpriv)) = (find("prlimit"), find("setpriv")) else { return };
    let machine = Machine::new();
    if machine.folder.path().metadata().unwrap().uid() != 0 {
        return skip("only root can start a process as a user without other processes");
    }
    // The limit counts the processes of a user, and does not apply to root.
    let program = machine.path("tagboat");
    std::fs::copy(env!("CARGO_BIN_EXE_tagboat"), &program).unwrap();
    for path in [machine.folder.path(), &machine.path("tmp"), &machine.path("small"), &program] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    let started = |limit: u32, arguments: &str| {
        let user = "--reuid=54321 --regid=54321 --clear-groups";
        let (prlimit, setpriv) = (prlimit.display(), setpriv.display());
        let wrapper = format!("tagboat={}; exec {setpriv} {user} {prlimit} --nproc={limit}", program.display());
        machine.start(&wrapper, arguments).end()
    };
    if started(100, "--version").0.code() == Some(126) {
        return skip("another user cannot start programs in the folder for temporary files");
    }
    let mut codes = Vec::new();
    for limit in 1..12 {
        let (status, elapsed) = started(limit, "list -C small");
        let log = machine.log();
        assert!(!log.contains("panicked") && elapsed < Duration::from_secs(10), "{limit} {elapsed:?}: {log}");
        if status.code() == Some(1) {
            assert!(
                log.starts_with("error: cannot start threads: ") && log.contains("\nhint: raise"),
                "{limit}: {log}"
            );
        } else {
            assert_eq!(status.code(), Some(0), "{limit}: {log}");
        }
        codes.push(status.code().unwrap());
    }
    assert!(codes.starts_with(&[1]) && codes.is_sorted_by(|a, b| a >= b), "{codes:?}");
}

/// The libraries panic, or report what has nothing to do with the cause.
#[test]
fn a_limit_on_open_files_is_an_error_with_one_hint() {
    let machine = Machine::new();
    git(machine.folder.path(), &["init", "--quiet", "checkout"]);
    git(&machine.path("checkout"), &["remote", "add", "origin", "http://127.0.0.1:1/a.git"]);
    std::fs::write(machine.path("operator.yaml"), "rules: [{ policy: ignore }]\n").unwrap();
    let mut codes = Vec::new();
    for limit in (5..20).chain([25, 30, 35, 40, 60]) {
        for command in ["list -C small --config operator.yaml", "run -C checkout"] {
            let (status, elapsed) = machine.start(&format!("ulimit -n {limit}; exec"), command).end();
            let log = machine.log();
            // The shell or the loader of the program may need more files.
            let is_started = log.starts_with("error: ") || status.success();
            if !is_started {
                assert!(limit < 8 && !log.contains("panicked"), "{limit}, {command}: {status} {log}");
                continue;
            }
            assert!(elapsed < Duration::from_secs(10), "{limit}, {command}: {elapsed:?}");
            let is_short = log.contains("Too many open files");
            assert_eq!(is_short, log.contains("\nhint: raise the limit of open files (`ulimit -n`"), "{limit}: {log}");
            assert!(is_short || limit >= 30, "{limit}, {command}: {status} {log}");
            codes.push((command.starts_with("list"), status.code()));
        }
    }
    assert!(codes.contains(&(true, Some(1))) && codes.contains(&(true, Some(0))), "{codes:?}");
}
