//! Runs the `credential_process` of an AWS profile ("Process credential provider", AWS SDKs and Tools Reference Guide).

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use tokio::process::Command;

use crate::child;
use crate::secret::Secret;

use super::super::sigv4::AwsKeys;

/// How long the program may run.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The output of the program.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ProcessOutput {
    version: u32,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    /// ISO 8601.
    expiration: Option<String>,
}

/// Runs the command without a shell and returns the keys that it prints.
pub(super) async fn run(
    command: &str,
    environment: &BTreeMap<String, String>,
    now: Timestamp,
) -> Result<AwsKeys, String> {
    let words = split(command)?;
    let (program, arguments) = words.split_first().ok_or("credential_process is empty")?;
    #[expect(clippy::disallowed_methods, reason = "credential_process names a program")]
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(environment);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let cannot_run = |error| format!("cannot run credential_process {program}: {error}");
    let (child, group) = child::spawn(&mut command).map_err(cannot_run)?;
    // Neither arguments nor output appear in an error: both can hold secrets.
    let output = tokio::time::timeout(TIMEOUT, child.wait_with_output())
        .await
        .map_err(|_| format!("credential_process timed out after {} s: {program}", TIMEOUT.as_secs()))?
        .map_err(cannot_run)?;
    group.has_ended();
    if !output.status.success() {
        return Err(format!("credential_process {program} failed with {}", output.status));
    }
    parse(&output.stdout, now).map_err(|cause| format!("credential_process {program}: {cause}"))
}

fn parse(stdout: &[u8], now: Timestamp) -> Result<AwsKeys, &'static str> {
    let output: ProcessOutput = serde_json::from_slice(stdout).map_err(|_| "its output is not the documented JSON")?;
    if output.version != 1 {
        return Err("its output does not have `Version` 1");
    }
    if let Some(expiration) = output.expiration {
        let expiration: Timestamp = expiration.parse().map_err(|_| "its output has an invalid `Expiration`")?;
        if expiration <= now {
            return Err("the keys in its output have expired");
        }
    }
    Ok(AwsKeys {
        id: output.access_key_id,
        secret: Secret::new(&output.secret_access_key),
        session: output.session_token.as_deref().map(Secret::new),
    })
}

/// Splits a command line into words: quotes group, and a backslash escapes outside single quotes, as in POSIX `sh`.
/// Nothing is expanded.
fn split(command: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let (mut word, mut quote) = (None::<String>, None);
    let mut characters = command.chars();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None | Some('"'), '\\') => {
                let escaped = characters.next().ok_or("credential_process ends with a backslash")?;
                let text = word.get_or_insert_default();
                if quote.is_some() && !matches!(escaped, '"' | '\\') {
                    text.push('\\');
                }
                text.push(escaped);
            }
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err("credential_process has an unclosed quote");
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_without_expanding() {
        #[rustfmt::skip]
        let rows: [(&str, Option<&[&str]>); 7] = [
            ("/opt/keys --a b",             Some(&["/opt/keys", "--a", "b"])),
            ("\"/opt/my tools/k\"  'a \\b'", Some(&["/opt/my tools/k", "a \\b"])),
            ("keys \"a\\\"b\\c\" a\\ b ''",  Some(&["keys", "a\"b\\c", "a b", ""])),
            ("keys $HOME `id` ; rm *",      Some(&["keys", "$HOME", "`id`", ";", "rm", "*"])),
            ("",                            Some(&[])),
            ("keys \"open",                 None),
            ("keys \\",                     None),
        ];
        for (command, expected) in rows {
            let expected = expected.map(|words| words.iter().map(|word| (*word).to_owned()).collect());
            assert_eq!(split(command).ok(), expected, "{command}");
        }
    }

    #[test]
    fn accepts_version_1_until_it_expires() {
        let now = "2026-11-21T08:00:00Z".parse().unwrap();
        let output = |version: u32, expiration: &str| {
            format!(r#"{{"Version":{version},"AccessKeyId":"A","SecretAccessKey":"S"{expiration}}}"#)
        };
        let accepts = |text: String| parse(text.as_bytes(), now).is_ok();
        assert!(accepts(output(1, "")));
        assert!(accepts(output(1, r#","SessionToken":"T","Expiration":"2026-11-21T09:00:00Z""#)));
        assert!(!accepts(output(1, r#","Expiration":"2026-11-21T08:00:00Z""#)));
        assert!(!accepts(output(2, "")) && !accepts("{}".to_owned()));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn runs_the_program_with_its_arguments() {
        let environment = BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]);
        let run = async |command: &str| run(command, &environment, Timestamp::UNIX_EPOCH).await;
        let keys = run(r#"printf '%s' '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"S"}'"#).await.unwrap();
        assert_eq!((keys.id.as_str(), keys.secret.reveal(), keys.session), ("A", "S", None));
        assert!(run("false --secret hidden").await.unwrap_err().starts_with("credential_process false failed with "));
        assert!(!run("printf hidden").await.unwrap_err().contains("hidden"));
    }
}
