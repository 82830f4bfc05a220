//! Certificates of registries that are trusted themselves: the ones that `openssl req -x509` makes, which `curl`, `crane` and
//! `skopeo` accept from the file of authorities.

use std::path::Path;

use crate::support::certificates;
use crate::support::docker_registry::{DockerRegistry, lay};
use crate::support::process::find;
use crate::support::tagboat::Tagboat;

/// The certificate of the server, the file of authorities, and parts of the error and of its hint.
type Row = (&'static str, &'static str, Result<(), (&'static str, &'static str)>);

/// `self` has `CA:TRUE` and signed itself, `leaf` was signed by `ca`, `other` has the subject of `self` and another key, `elsewhere`
/// is `self` for another host.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    // Server        Authorities    Expected
    ("self",         "self",        Ok(())),
    ("leaf",         "leaf",        Ok(())),
    ("leaf",         "ca",          Ok(())),
    ("self",         "other",       Err(("the certificate of the server is that of an authority", "has this certificate"))),
    ("self",         "ca",          Err(("the certificate of the server is that of an authority", "has this certificate"))),
    ("leaf",         "self",        Err(("UnknownIssuer", "set `ca-file:`"))),
    ("elsewhere",    "elsewhere",   Err(("certificate not valid for name \"127.0.0.1\"", "subjectAltName"))),
];

fn make(folder: &Path) {
    certificates::make(folder);
    let file = |name: &str| folder.join(name);
    std::fs::rename(file("srv.crt"), file("leaf.crt")).unwrap();
    std::fs::rename(file("srv.key"), file("leaf.key")).unwrap();
    for (name, host) in [("self", "IP:127.0.0.1"), ("other", "IP:127.0.0.1"), ("elsewhere", "DNS:registry.test")] {
        certificates::make_self_signed(folder, name, host);
    }
    lay(folder, "app", &["1.0"]);
}

/// `ca-file` is for one registry, `SSL_CERT_FILE` for everything that the program connects to, as for the forge.
#[tokio::test(flavor = "multi_thread")]
async fn accepts_only_the_certificate_that_is_in_the_file() {
    if find("openssl").is_none() {
        return;
    }
    for (server, authorities, expected) in ROWS {
        let tls = format!("http: {{addr: $ADDR, tls: {{certificate: $DIR/{server}.crt, key: $DIR/{server}.key}}}}");
        let Some(registry) = DockerRegistry::start(&tls, make) else { return };
        let file = registry.folder().join(format!("{authorities}.crt")).display().to_string();
        let setting = format!("registries: {{ '{}': {{ ca-file: {file} }} }}\n", registry.host());
        let ways = [Tagboat::new().with_config(&setting), Tagboat::new().with("SSL_CERT_FILE", &file)];
        for tagboat in ways {
            let image = format!("{}/app", registry.host());
            let explain = ["explain", &image, "--current", "0.9", "--policy", "semver: '*'", "--format", "json", "-v"];
            let output = tagboat.run(&explain);
            assert!(!output.log.contains("failed to verify TLS certificate"), "the error has it: {output:?}");
            match expected {
                Ok(()) => assert_eq!(output.json()["chosen"], "1.0", "{server} {authorities}: {output:?}"),
                Err((cause, hint)) => {
                    let message = format!("{}{}", output.stdout, output.stderr);
                    assert!(message.contains(cause) && message.contains(hint), "{server} {authorities}: {output:?}");
                }
            }
        }
    }
}
