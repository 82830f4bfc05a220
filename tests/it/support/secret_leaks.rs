//! Planted secrets where the program may find them, and the search for them in everything that it leaves behind.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Variables of every run: tokens of a CI job and keys of a cloud, for hosts that no test contacts.
pub(crate) const VARIABLES: &[(&str, &str)] = &[
    ("AWS_ACCESS_KEY_ID", "AKIAPLANTED"),
    ("AWS_SECRET_ACCESS_KEY", "planted-secret-of-aws"),
    ("AZURE_CLIENT_ID", "planted"),
    ("AZURE_CLIENT_SECRET", "planted-secret-of-azure"),
    ("CI_JOB_TOKEN", "planted-token-of-gitlab"),
    ("CI_REGISTRY", "registry.invalid"),
    ("CLOUDSDK_AUTH_ACCESS_TOKEN", "planted-token-of-google"),
    ("GITHUB_SERVER_URL", "https://github.invalid"),
    ("GITHUB_TOKEN", "planted-token-of-github"),
    ("TAGBOAT_REGISTRY_REGISTRY_INVALID_USERNAME", "alice"),
    ("TAGBOAT_REGISTRY_REGISTRY_INVALID_PASSWORD", "planted-password-of-a-registry"),
];

/// The login in docker's `config.json`.
const LOGIN: &str = "alice:planted-password-of-docker";

/// Writes `config.json` into a folder for `DOCKER_CONFIG`.
pub(crate) fn docker_config(folder: &Path) {
    let auth = STANDARD.encode(LOGIN);
    fs::write(folder.join("config.json"), format!(r#"{{"auths":{{"registry.invalid":{{"auth":"{auth}"}}}}}}"#))
        .unwrap();
}

/// Returns the secrets in variables: by name, in the files of names with `_FILE`, and in the URLs of proxies.
pub(crate) fn secrets<'a>(variables: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeSet<String> {
    let mut secrets = BTreeSet::from([LOGIN.split_once(':').unwrap().1.to_owned()]);
    for (name, value) in variables {
        let name = name.to_ascii_uppercase();
        if name.ends_with("_PROXY") {
            let password = url::Url::parse(value).ok().and_then(|url| url.password().map(str::to_owned));
            secrets.extend(password);
        } else if ["TOKEN", "PASSWORD", "SECRET", "PLANTED"].iter().any(|word| name.contains(word)) {
            let text = if name.ends_with("_FILE") { fs::read_to_string(value).ok() } else { Some(value.to_owned()) };
            secrets.extend(text.map(|text| text.trim().to_owned()));
        }
    }
    // Shorter values, such as `expired`, are words.
    secrets.retain(|secret| secret.len() >= 8);
    secrets
}

/// Returns the secrets in bytes: as plain text, percent-encoded, or within base64.
pub(crate) fn found(secrets: &BTreeSet<String>, bytes: &[u8]) -> Vec<String> {
    let contains = |form: &String| memchr::memmem::find(bytes, form.as_bytes()).is_some();
    secrets.iter().filter(|secret| forms(secret).iter().any(contains)).cloned().collect()
}

/// Returns the secrets in all files below a path, each with the name of the file.
pub(crate) fn found_below(secrets: &BTreeSet<String>, path: &Path) -> Vec<String> {
    if path.is_dir() {
        let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        return entries.flat_map(|path| found_below(secrets, &path)).collect();
    }
    let bytes = fs::read(path).unwrap_or_default();
    found(secrets, &bytes).into_iter().map(|secret| format!("{secret} in {}", path.display())).collect()
}

fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_owned(), url::form_urlencoded::byte_serialize(secret.as_bytes()).collect()];
    // Three bytes are four letters, so the form of a secret depends on the number of bytes before it. The letters at both ends
    // also depend on the bytes around it.
    for (before, shared) in [(0, 0), (1, 2), (2, 3)] {
        let text = STANDARD.encode([&b"::"[..before], secret.as_bytes()].concat());
        forms.push(text[shared..(before + secret.len()) * 8 / 6].to_owned());
    }
    forms
}

#[test]
fn finds_planted_secrets_in_every_form() {
    let secrets =
        secrets([("A_TOKEN", "planted/one"), ("B_PROXY", "http://u:planted+two@r.acme"), ("C", "x")].into_iter());
    assert_eq!(secrets.len(), 3);
    let encode = |text: &str| format!("Basic {}", STANDARD.encode(text));
    #[rustfmt::skip]
    let rows = [
        ("token=planted/one&".to_owned(),     1),
        ("token=planted%2Fone".to_owned(),    1),
        (encode("planted/one:x"),             1),
        (encode("u:planted/one"),             1),
        (encode("me:planted/one"),            1),
        (encode("them:planted/one and more"), 1),
        (encode("u:planted+two:planted/one"), 2),
        (encode("u:planted/two"),             0),
        (String::new(),                       0),
    ];
    for (text, count) in rows {
        assert_eq!(found(&secrets, text.as_bytes()).len(), count, "{text}");
    }
}
