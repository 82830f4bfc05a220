//! Standard output and standard error that are closed, full, not read, or in non-blocking mode.
#![cfg(unix)]

use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Output, Stdio};

use crate::support::double::TOKEN;
use crate::support::gitops::{GitOps, pod};

/// The program in a shell, which redirects its streams.
fn shell(script: &str) -> Command {
    let mut command = Command::new("bash");
    command.args(["-c", &format!("set -o pipefail; {script}")]).env_clear().env("PATH", std::env::var("PATH").unwrap());
    command.env("tagboat", env!("CARGO_BIN_EXE_tagboat")).stdin(Stdio::null());
    command
}

/// Runs `run` on two groups, each with an update, and returns its result and the number of pull requests.
async fn publish(script: &str) -> (Output, usize, GitOps) {
    let gitops = GitOps::new("", &[("one/app.yaml", "api:1.0"), ("two/app.yaml", "api:1.0")]).await;
    let home = gitops.folder.path();
    let mut command = shell(script);
    command.env("TAGBOAT_FORGE_TOKEN", TOKEN).env("TAGBOAT_FORGE_URL", &gitops.double.api_url).env("RUST_LOG", "trace");
    command.env("HOME", home).env("url", gitops.bare.url()).current_dir(home);
    let output = command.output().unwrap();
    let pulls = gitops.double.host(|host| host.pulls.len());
    (output, pulls, gitops)
}

#[tokio::test(flavor = "multi_thread")]
async fn publishes_whatever_becomes_of_the_report_and_the_log() {
    let run = "$tagboat run --repository $url --report out.json";
    #[rustfmt::skip]
    let rows = [
        (format!("{run} >&-"),                     0),
        (format!("{run} 2>&-"),                    0),
        (format!("{run} >&- 2>&-"),                0),
        (format!("{run} | true"),                  0),
        (format!("{run} 2>&1 | head -c 0"),        0),
        (format!("{run} 2> >(true)"),              0),
        (format!("{run} >/dev/full"),              1),
        (format!("{run} --format json >/dev/full"), 1),
        (format!("{run} 2>/dev/full"),             0),
        (format!("{run} --log-format json 2>/dev/full"), 0),
        (format!("{run} >/dev/full 2>/dev/full"),  1),
        (format!("{run} --report no/such/folder/out.txt"), 1),
    ];
    for (script, code) in rows {
        let (output, pulls, gitops) = publish(&script).await;
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!stderr.contains("panicked"), "{script}: {stderr}");
        assert_eq!((output.status.code(), pulls), (Some(code), 2), "{script}: {stderr}");
        assert!(gitops.folder.path().join("out.json").is_file(), "{script}: the other report is written");
        if code == 1 && !script.contains("2>") {
            assert!(stderr.contains("error: cannot write "), "{script}: {stderr}");
        }
    }
}

#[test]
fn every_command_reports_output_that_cannot_be_written() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("pod.yaml"), pod(&["ghcr.io/acme/api:1.0".to_owned()])).unwrap();
    let explain = "explain api --tags <(echo 1.1) --current 1.0 --policy semver:*";
    for arguments in
        ["--help", "--version", "list --help", "schema", "man", "completions bash", "list", "init --stdout", explain]
    {
        for (redirect, code) in [(">/dev/full", 1), (">&-", 0), ("| true", 0)] {
            let output = shell(&format!("$tagboat {arguments} {redirect}")).current_dir(&home).output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(code), "{arguments} {redirect}: {stderr}");
            let expected = if code == 0 { "" } else { "error: cannot write to standard output: No space left" };
            assert!(stderr.starts_with(expected) && !stderr.contains("panicked"), "{arguments} {redirect}: {stderr}");
        }
    }
    for arguments in ["", "frobnicate", "list --config /nowhere.yaml", "list -C /nowhere --format json"] {
        for redirect in ["2>/dev/full", "2>&-", "2>&1 | true", ">/dev/full 2>/dev/full"] {
            let output = shell(&format!("$tagboat {arguments} {redirect}")).current_dir(&home).output().unwrap();
            assert_eq!(output.status.code(), Some(64), "{arguments} {redirect}: {output:?}");
        }
    }
}

#[test]
fn writes_all_to_a_pipe_in_non_blocking_mode() {
    let folder = tempfile::tempdir().unwrap();
    let images: Vec<String> = (0..20_000).map(|number| format!("ghcr.io/acme/image-{number}:1.0")).collect();
    std::fs::write(folder.path().join("pod.yaml"), pod(&images)).unwrap();
    let (mut reader, writer) = UnixStream::pair().unwrap();
    writer.set_nonblocking(true).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tagboat"));
    command.args(["list", "-C"]).arg(folder.path()).stdout(OwnedFd::from(writer)).stdin(Stdio::null());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    drop(command);
    let mut text = String::new();
    reader.read_exact(&mut [0]).unwrap();
    // The pipe is full meanwhile.
    std::thread::sleep(std::time::Duration::from_millis(300));
    reader.read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(text.ends_with("20000 references in 1 file: 20000 managed, 0 held, 0 ignored\n"), "{} bytes", text.len());
}
