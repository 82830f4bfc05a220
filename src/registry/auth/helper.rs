//! Runs docker's credential helpers: programs that print a user name and a secret.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::child;
use crate::secret::Secret;

use super::super::credential::RegistryCredential;
use super::docker_config::pair;

/// How long a helper may run. It may show a dialog and wait for a person.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// The message of docker's helpers for a registry without a credential (docker-credential-helpers,
/// `credentials/error.go`).
const NOT_FOUND: &str = "credentials not found in native keychain";

/// The other messages there. Whatever else a helper prints may be the secret.
const DOCUMENTED: [&str; 2] = ["no credentials server URL", "no credentials username"];

/// The output of a helper (docker-credential-helpers, `credentials.Credentials`).
#[derive(Deserialize)]
struct HelperOutput {
    #[serde(rename = "Username", default)]
    user: String,
    #[serde(rename = "Secret")]
    secret: String,
}

/// Runs `docker-credential-<name>` for the credential of `server`; `None` if it has none.
pub(crate) async fn run(
    name: &str,
    server: &str,
    environment: &BTreeMap<String, String>,
    timeout: Duration,
) -> Result<Option<RegistryCredential>, String> {
    let program = format!("docker-credential-{name}");
    if name.contains(['/', '\\']) {
        return Err(format!("invalid name of a credential helper: `{name}`"));
    }
    let path = find(&program, environment).ok_or_else(|| format!("cannot find {program} on PATH"))?;
    #[expect(clippy::disallowed_methods, reason = "credential helpers are programs")]
    let mut command = Command::new(path);
    command.arg("get").env_clear().envs(environment);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let (mut child, group) = child::spawn(&mut command).map_err(|error| format!("cannot run {program}: {error}"))?;
    let exchange = async {
        if let Some(mut input) = child.stdin.take() {
            // A helper may respond without reading its input.
            let _ = input.write_all(format!("{server}\n").as_bytes()).await;
        }
        child.wait_with_output().await
    };
    let output = tokio::time::timeout(timeout, exchange)
        .await
        .map_err(|_| format!("{program} timed out after {} s", timeout.as_secs_f32()))?
        .map_err(|error| format!("{program}: {error}"))?;
    group.has_ended();
    if !output.status.success() {
        // Helpers report errors on either stream; the secret is on the first.
        let line = |bytes: &[u8]| String::from_utf8_lossy(bytes).split_whitespace().collect::<Vec<_>>().join(" ");
        let (printed, message) = (line(&output.stdout), line(&output.stderr));
        if printed.contains(NOT_FOUND) || message.contains(NOT_FOUND) {
            return Ok(None);
        }
        let documented = DOCUMENTED.into_iter().find(|known| printed == *known).map(str::to_owned);
        let message = documented.or((!message.is_empty()).then(|| message.chars().take(300).collect()));
        let message = message.unwrap_or_else(|| output.status.to_string());
        return Err(format!("{program} failed: {message}"));
    }
    // The text of a JSON error can contain a part of the output, which is secret.
    let output: HelperOutput = serde_json::from_slice(&output.stdout)
        .map_err(|_| format!("the output of {program} is not the documented JSON"))?;
    Ok((!output.secret.is_empty()).then(|| pair(&output.user, &Secret::new(&output.secret))))
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
    async fn shows_no_output_of_a_helper_that_fails() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("docker-credential-late");
        let environment = BTreeMap::from([("PATH".to_owned(), format!("{}:/usr/bin:/bin", folder.path().display()))]);
        let secret = r#"echo '{"Username":"me","Secret":"hunter2"}'"#;
        #[rustfmt::skip]
        let rows = [
            (format!("{secret}; exit 3"),                                Err("failed: exit status: 3")),
            (format!("{secret}; echo locked >&2; exit 1"),               Err("failed: locked")),
            ("echo no credentials username; exit 1".to_owned(),          Err("failed: no credentials username")),
            ("echo my password is hunter2; exit 1".to_owned(),           Err("failed: exit status: 1")),
            ("echo credentials not found in native keychain; exit 1".to_owned(), Ok(None)),
        ];
        for (script, expected) in rows {
            std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
            let output = run("late", "r.acme", &environment, TIMEOUT).await;
            let expected = expected.map_err(|message| format!("docker-credential-late {message}"));
            assert_eq!(output, expected, "{script}");
        }
    }

    #[tokio::test]
    async fn stops_a_helper_that_waits_for_input() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("docker-credential-dialogue");
        std::fs::write(&program, "#!/bin/sh\nexec sleep 60\n").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:/usr/bin:/bin", folder.path().display());
        let environment = BTreeMap::from([("PATH".to_owned(), path)]);
        let output = run("dialogue", "r.acme", &environment, Duration::from_millis(100)).await;
        assert_eq!(output, Err("docker-credential-dialogue timed out after 0.1 s".to_owned()));
        let output = run("../dialogue", "r.acme", &environment, TIMEOUT).await;
        assert_eq!(output, Err("invalid name of a credential helper: `../dialogue`".to_owned()));
    }
}
