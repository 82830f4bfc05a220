//! `tagboat run --every`: a process that repeats the run and stops cleanly on SIGTERM.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tagboat::demo::registry::{ImageSpec, Registry as Embedded};
use tempfile::TempDir;

use crate::support::double::{Double, Fault, TOKEN};
use crate::support::github::GITHUB;
use crate::support::process::find;
use crate::support::repository::Bare;

/// Two groups with an update each, at GitHub's double.
struct Place {
    registry: Embedded,
    double: Double,
    bare: Bare,
    folder: TempDir,
}

impl Place {
    async fn new() -> Self {
        let registry = Embedded::start().await.unwrap();
        for tag in ["1.0", "1.1"] {
            registry.push("acme/api", tag, &ImageSpec::default()).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let bare = Bare::new(folder.path(), "gitops");
        let double = Double::start(&GITHUB, &bare.path);
        let host = registry.host();
        let config = format!(
            "registries: {{ '{host}': {{ plain-http: true }} }}\npull-requests: {{ labels: [deploy] }}\n\
             forge: {{ kind: github, url: '{}', repository: {} }}\n",
            double.api_url, double.repository
        );
        let manifest = format!("kind: Pod\nspec:\n  containers:\n  - image: {host}/acme/api:1.0\n");
        let files = [("tagboat.yaml", &*config), ("one/app.yaml", &manifest), ("two/app.yaml", &manifest)];
        bare.commit("main", &files, "Deploy");
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        Self { registry, double, bare, folder }
    }

    fn start(&self, every: &str) -> Running {
        let log = std::fs::File::create(self.folder.path().join("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tagboat"));
        command.args(["run", "--every", every, "--repository", &self.bare.url()]).env_clear();
        let path = std::env::var("PATH").unwrap();
        let home = self.folder.path();
        let variables = [("PATH", Path::new(&path)), ("HOME", home), ("TMPDIR", &home.join("tmp"))];
        command.envs(variables).env("TAGBOAT_FORGE_TOKEN", TOKEN).current_dir(home);
        Running(command.stdout(log.try_clone().unwrap()).stderr(log).stdin(Stdio::null()).spawn().unwrap())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Waits until something holds of the double.
    fn wait(&self, what: &str, holds: impl Fn() -> bool) {
        let start = Instant::now();
        while !holds() {
            assert!(start.elapsed() < Duration::from_secs(30), "{what} does not happen: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn opened(&self) -> usize {
        self.double.hub(|hub| hub.pulls.len())
    }
}

/// A running process; killed if the test ends before it does.
struct Running(Child);

impl Running {
    /// Sends SIGTERM and waits for the end.
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
    let place = Place::new().await;
    let mut running = place.start("1s");
    place.wait("the first run", || place.opened() == 2);
    let config = String::from_utf8(place.bare.file("main", "tagboat.yaml")).unwrap();
    place.bare.commit("main", &[("tagboat.yaml", "no-such-key: 1\n")], "A mistake");
    place.wait("a run that fails", || place.log().contains("no-such-key"));
    place.bare.commit("main", &[("tagboat.yaml", &config)], "Mended");
    place.registry.push("acme/api", "1.2", &ImageSpec::default()).unwrap();
    place.wait("the update", || place.double.hub(|hub| hub.pulls.iter().all(|pull| pull.body.contains("1.2"))));
    assert_eq!((running.stop(), place.opened()), (0, 2), "{}", place.log());
    let left = std::fs::read_dir(place.folder.path().join("tmp")).unwrap().count();
    assert_eq!(left, 0, "the clone is put away");
}

#[tokio::test(flavor = "multi_thread")]
async fn finishes_the_current_step_on_sigterm() {
    let place = Place::new().await;
    place.double.fail("POST", Fault::Slow(Duration::from_secs(2)));
    let mut running = place.start("1h");
    place.wait("the first pull request", || place.opened() == 1);
    let start = Instant::now();
    assert_eq!(running.stop(), 0, "{}", place.log());
    assert!(start.elapsed() > Duration::from_secs(1), "it waited for the answer");
    // The double opened it before the slow answer; the label is what comes after.
    let pulls = place.double.hub(|hub| hub.pulls.iter().map(|pull| pull.labels.clone()).collect::<Vec<_>>());
    assert_eq!(pulls, [["deploy"]], "one is done, the other not begun: {}", place.log());
    assert_eq!(place.bare.branches().len(), 2, "main, and the branch of the one that was done");
    assert_eq!(std::fs::read_dir(place.folder.path().join("tmp")).unwrap().count(), 0);

    // Between two runs there is nothing to wait for.
    let mut running = place.start("1h");
    place.wait("the second pull request", || place.opened() == 2 && place.log().contains("opened"));
    std::thread::sleep(Duration::from_millis(300));
    let start = Instant::now();
    assert_eq!((running.stop(), start.elapsed() < Duration::from_secs(2)), (0, true));
}

/// On a terminal, long work shows that it goes on; into a pipe, nothing of it comes.
#[tokio::test(flavor = "multi_thread")]
async fn shows_progress_on_terminals_only() {
    let Some(script) = find("script") else { return };
    let place = Place::new().await;
    let plan = format!("{} plan --repository {}", env!("CARGO_BIN_EXE_tagboat"), place.bare.url());
    let clear = "\r\u{1b}[K";
    for (more, shown) in [("", true), (" --quiet", false), (" 2>/dev/null", false)] {
        let mut command = Command::new(&script);
        command.args(["--quiet", "--return", "--command", &format!("{plan}{more}"), "/dev/null"]);
        command.env("TAGBOAT_FORGE_TOKEN", TOKEN).env("TERM", "xterm").stdin(Stdio::null());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && said.contains("Would change"), "{said}");
        assert_eq!(said.contains("reading manifests") && said.contains(clear), shown, "{more}: {said:?}");
    }
}
