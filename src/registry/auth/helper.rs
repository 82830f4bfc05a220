//! Docker's credential helpers: programs that answer with a user and a secret. Starts them, and gives up on them in time.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::secret::Secret;

use super::super::credential::Credential;
use super::docker_config::pair;

/// A helper that opens a dialogue on a machine without a screen would wait for ever.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How the helpers of docker say that they hold nothing for a registry (docker-credential-helpers, `credentials/error.go`).
const NOTHING: &str = "credentials not found in native keychain";

/// What a helper writes (docker-credential-helpers, `credentials.Credentials`).
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Username", default)]
    user: String,
    #[serde(rename = "Secret")]
    secret: String,
}

/// Asks `docker-credential-<name>` for the credential of `server`, and waits as long as `patience` says; `None` if it
/// holds none.
pub(crate) async fn ask(
    name: &str,
    server: &str,
    environment: &BTreeMap<String, String>,
    patience: Duration,
) -> Result<Option<Credential>, String> {
    let program = format!("docker-credential-{name}");
    if name.contains(['/', '\\']) {
        return Err(format!("{name:?} is not the name of a credential helper"));
    }
    let path = find(&program, environment).ok_or_else(|| format!("{program} is not on the PATH"))?;
    #[expect(clippy::disallowed_methods, reason = "credential helpers are programs")]
    let mut command = Command::new(path);
    command.arg("get").env_clear().envs(environment).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("{program} does not start: {error}"))?;
    let conversation = async {
        if let Some(mut input) = child.stdin.take() {
            // A helper that does not read its input may still answer.
            let _ = input.write_all(format!("{server}\n").as_bytes()).await;
        }
        child.wait_with_output().await
    };
    let output = tokio::time::timeout(patience, conversation)
        .await
        .map_err(|_| format!("{program} gave no answer within {} s", patience.as_secs_f32()))?
        .map_err(|error| format!("{program}: {error}"))?;
    if !output.status.success() {
        // Helpers complain on either stream.
        let complaint = [output.stdout, output.stderr].concat();
        let complaint = String::from_utf8_lossy(&complaint).split_whitespace().collect::<Vec<_>>().join(" ");
        if complaint.contains(NOTHING) {
            return Ok(None);
        }
        return Err(format!("{program} fails: {}", complaint.chars().take(300).collect::<String>()));
    }
    // The text of a JSON error can hold a piece of the answer, which is secret.
    let answer: Answer =
        serde_json::from_slice(&output.stdout).map_err(|_| format!("{program} does not answer as helpers do"))?;
    Ok(Some(pair(&answer.user, &Secret::new(&answer.secret))).filter(|_| !answer.secret.is_empty()))
}

fn find(program: &str, environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    let folders = environment.get("PATH").map(std::env::split_paths)?;
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}

#[cfg(test)]
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "a test writes the program that it starts")]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[tokio::test]
    async fn a_helper_that_waits_for_somebody_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("docker-credential-dialogue");
        std::fs::write(&program, "#!/bin/sh\nexec sleep 60\n").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:/usr/bin:/bin", folder.path().display());
        let environment = BTreeMap::from([("PATH".to_owned(), path)]);
        let answer = ask("dialogue", "r.acme", &environment, Duration::from_millis(100)).await;
        assert_eq!(answer, Err("docker-credential-dialogue gave no answer within 0.1 s".to_owned()));
        let answer = ask("../dialogue", "r.acme", &environment, PATIENCE).await;
        assert_eq!(answer, Err("\"../dialogue\" is not the name of a credential helper".to_owned()));
    }
}
