//! Vendors of registries: every row of the table has fixtures, and each fixture has the exact requests for one credential.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use serde::Deserialize;
use tagboat::http::Url;
use tagboat::registry::{PlatformEnv, RegistryCredential, VENDORS};
use tagboat::secret::Secret;

use crate::support::http_double::{Double, Reply};

/// One login: the environment, the requests and responses, and the credential.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegistryLogin {
    host: String,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    /// The host of the git remote.
    remote: Option<String>,
    /// `$DIR` in the environment is their folder.
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    exchanges: Vec<Exchange>,
    credential: Option<Expected>,
    error: Option<String>,
    #[serde(default)]
    auth_hosts: Vec<String>,
    /// The request is for the time of a push instead of a login.
    pushed: Option<Pushed>,
    /// The user name for a token without one.
    token_user: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pushed {
    path: String,
    tag: String,
    at: Option<String>,
    error: Option<String>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Exchange {
    method: String,
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    status: Option<u16>,
    answer: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Expected {
    Basic { user: String, password: String },
    Identity { identity: String },
}

/// Returns the responses in their order; any other request gets 599 and the difference.
async fn platform_double(exchanges: &[Exchange]) -> Double {
    let left = Mutex::new(exchanges.to_vec());
    Double::start(move |request| {
        let mut left = left.lock().unwrap();
        if left.is_empty() {
            return Reply::new(599, format!("{} is not expected", request.target));
        }
        let next = left.remove(0);
        let url = request.target.trim_start_matches('/').replacen('/', "://", 1);
        let wrong_header =
            next.headers.iter().find(|(name, value)| request.header(name) != Some(value)).map(|(name, _)| name.clone());
        if (&request.method, &url, &request.body) != (&next.method, &next.url, &next.body) || wrong_header.is_some() {
            return Reply::new(599, format!("{} {url} {} header {wrong_header:?}", request.method, request.body));
        }
        Reply::new(next.status.unwrap_or(200), next.answer)
    })
    .await
}

async fn check(path: &Path) {
    let shown = path.display();
    let login: RegistryLogin =
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap_or_else(|e| panic!("{shown}: {e}"));
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in &login.files {
        fs::write(folder.path().join(file), text).unwrap();
    }
    let filled = |text: &String| text.replace("$DIR", folder.path().to_str().unwrap());
    let environment = login.environment.iter().map(|(name, value)| (name.clone(), filled(value))).collect();
    let platform = platform_double(&login.exchanges).await;
    let gateway = Url::parse(&format!("http://{}", platform.host())).unwrap();
    let env = PlatformEnv::new(environment)
        .with_remote_host(login.remote.clone())
        .with_gateway(|| "2026-11-21T08:00:00Z".parse().unwrap(), gateway);
    let vendor = VENDORS.iter().find(|vendor| vendor.serves(&login.host, &env)).unwrap();
    assert_eq!(path.parent().unwrap().file_name().unwrap(), vendor.name(), "{shown}");
    if let Some(wanted) = &login.pushed {
        match (vendor.pushed(&wanted.path, &wanted.tag, &env).await, &wanted.error) {
            (Ok(at), None) => assert_eq!(at.map(|at| at.to_string()), wanted.at, "{shown}: {:?}", platform.received()),
            (Err(error), Some(part)) => assert!(error.to_string().contains(part), "{shown}: {error}"),
            (other, _) => panic!("{shown}: {other:?}"),
        }
        assert_eq!(platform.received().len(), login.exchanges.len(), "{shown}");
        assert!(platform.received().iter().all(|request| request.header("authorization").is_none()), "{shown}");
        return;
    }
    let found = vendor.identity(&login.host, &env).await;
    let expected = login.credential.map(|expected| match expected {
        Expected::Basic { user, password } => RegistryCredential::basic(&user, Secret::new(&password)),
        Expected::Identity { identity } => RegistryCredential::RefreshToken(Secret::new(&identity)),
    });
    match (found, &login.error) {
        (Ok(found), None) => {
            assert_eq!(found.map(|found| found.credential), expected, "{shown}: {:?}", platform.received())
        }
        (Err(error), Some(part)) => {
            assert!(error.contains(part) && !error.contains("planted"), "{shown}: {error}");
        }
        (found, _) => panic!("{shown}: {found:?}"),
    }
    // A 400 is not retried, so every request is sent exactly once.
    assert_eq!(platform.received().len(), login.exchanges.len(), "{shown}");
    assert!(login.token_user.is_none_or(|user| user == vendor.token_user()), "{shown}");
    if !login.auth_hosts.is_empty() {
        assert_eq!(vendor.auth_hosts(&env), login.auth_hosts, "{shown}");
    }
}

#[tokio::test]
async fn logs_in_to_every_vendor() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/registry");
    for vendor in VENDORS {
        let folder = root.join(vendor.name());
        let mut files: Vec<_> = fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{} has no fixtures in {}: {error}", vendor.name(), folder.display()))
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        assert!(!files.is_empty(), "{} has no fixtures", vendor.name());
        for file in files {
            check(&file).await;
        }
    }
}
