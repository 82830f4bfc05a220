//! `tagboat run --every`: a process that repeats the run and stops cleanly on SIGTERM.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tagboat::demo::registry::ImageSpec;

use crate::support::double::{Fault, TOKEN};
use crate::support::gitops::GitOps;
use crate::support::process::find;

/// A repository with two groups that have an update each, and the folders of a process that repeats its run.
struct Scheduled {
    gitops: GitOps,
}

impl Scheduled {
    async fn new() -> Self {
        let files = [("one/app.yaml", "api:1.0"), ("two/app.yaml", "api:1.0")];
        let gitops = GitOps::new("pull-requests: { labels: [deploy] }\n", &files).await;
        std::fs::create_dir(gitops.folder.path().join("tmp")).unwrap();
        Self { gitops }
    }

    fn start(&self, every: &str) -> Running {
        let log = std::fs::File::create(self.gitops.folder.path().join("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tagboat"));
        command.args(["run", "--every", every, "--repository", &self.gitops.bare.url()]).env_clear();
        let path = std::env::var("PATH").unwrap();
        let home = self.gitops.folder.path();
        let variables = [("PATH", Path::new(&path)), ("HOME", home), ("TMPDIR", &home.join("tmp"))];
        command.envs(variables).env("TAGBOAT_FORGE_TOKEN", TOKEN);
        command.env("TAGBOAT_FORGE_URL", &self.gitops.double.api_url).current_dir(home);
        Running(command.stdout(log.try_clone().unwrap()).stderr(log).stdin(Stdio::null()).spawn().unwrap())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.gitops.folder.path().join("log")).unwrap()
    }

    /// Waits until a condition is true.
    fn wait(&self, what: &str, is_true: impl Fn() -> bool) {
        let start = Instant::now();
        while !is_true() {
            assert!(start.elapsed() < Duration::from_secs(30), "waited too long for {what}: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn opened(&self) -> usize {
        self.gitops.double.host(|host| host.pulls.len())
    }
}

/// A running process, killed if the test ends first.
struct Running(Child);

impl Running {
    /// Sends SIGTERM and returns the exit code.
    fn stop(&mut self) -> i32 {
        let kill = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap();
        assert!(kill.success());
        self.0.wait().unwrap().code().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn repeats_after_a_failure() {
    let scheduled = Scheduled::new().await;
    let mut running = scheduled.start("1s");
    scheduled.wait("the first run", || scheduled.opened() == 2);
    let config = String::from_utf8(scheduled.gitops.bare.file("main", "tagboat.yaml")).unwrap();
    scheduled.gitops.bare.commit("main", &[("tagboat.yaml", "no-such-key: 1\n")], "A mistake");
    scheduled.wait("a run that fails", || scheduled.log().contains("no-such-key"));
    scheduled.gitops.bare.commit("main", &[("tagboat.yaml", &config)], "Fix the configuration");
    scheduled.gitops.registry.push("acme/api", "1.2", &ImageSpec::default()).unwrap();
    scheduled.wait("the update", || {
        scheduled.gitops.double.host(|host| host.pulls.iter().all(|pull| pull.body.contains("1.2")))
    });
    assert_eq!((running.stop(), scheduled.opened()), (0, 2), "{}", scheduled.log());
    let left = std::fs::read_dir(scheduled.gitops.folder.path().join("tmp")).unwrap().count();
    assert_eq!(left, 0, "the clone is removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn stops_within_a_second_and_the_next_run_completes_the_pull_request() {
    let scheduled = Scheduled::new().await;
    scheduled.gitops.double.fail("POST", Fault::Slow(Duration::from_secs(2)));
    let mut running = scheduled.start("1h");
    scheduled.wait("the first pull request", || scheduled.opened() == 1);
    let start = Instant::now();
    // 128 + 15, for a signal that interrupts a write.
    assert_eq!(running.stop(), 143, "{}", scheduled.log());
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(std::fs::read_dir(scheduled.gitops.folder.path().join("tmp")).unwrap().count(), 0);

    // Between two runs, the program stops immediately.
    let mut running = scheduled.start("1h");
    scheduled.wait("the second pull request", || scheduled.opened() == 2 && scheduled.log().contains("opened"));
    // The double opened the first pull request before its slow response, and the label was the next request.
    let labels =
        || scheduled.gitops.double.host(|host| host.pulls.iter().map(|pull| pull.labels.clone()).collect::<Vec<_>>());
    scheduled.wait("the labels", || labels() == [["deploy"], ["deploy"]]);
    std::thread::sleep(Duration::from_millis(300));
    let start = Instant::now();
    assert_eq!((running.stop(), start.elapsed() < Duration::from_secs(2)), (0, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn shows_progress_on_terminals_only() {
    let Some(script) = find("script") else { return };
    let scheduled = Scheduled::new().await;
    let plan = format!("{} plan --repository {}", env!("CARGO_BIN_EXE_tagboat"), scheduled.gitops.bare.url());
    let clear = "\r\u{1b}[K";
    for (more, shown) in [("", true), (" --quiet", false), (" 2>/dev/null", false)] {
        let mut command = Command::new(&script);
        command.args(["--quiet", "--return", "--command", &format!("{plan}{more}"), "/dev/null"]);
        command.env("TAGBOAT_FORGE_TOKEN", TOKEN).env("TERM", "xterm").stdin(Stdio::null());
        let output = command.output().unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && stdout.contains("Would change"), "{stdout}");
        assert_eq!(stdout.contains("reading manifests") && stdout.contains(clear), shown, "{more}: {stdout:?}");
    }
}
