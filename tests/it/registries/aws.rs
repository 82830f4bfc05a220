//! AWS keys from each source of the chain, and the order of the chain, with doubles of STS, ECR and the metadata services.

use std::collections::BTreeMap;
use std::fs;

use tagboat::http::Url;
use tagboat::registry::{PlatformEnv, RegistryCredential, VENDORS};

use crate::support::http_double::{Double, ReceivedRequest, Reply};

const HOST: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

const CONFIG: &str = "
[default]
aws_access_key_id = PROFILE
aws_secret_access_key = planted
[profile process]
credential_process = /bin/sh $D/process
[profile role]
role_arn = arn:aws:iam::1:role/a
source_profile = default
[profile chained]
role_arn = arn:aws:iam::1:role/b
source_profile = role
[profile federated]
role_arn = arn:aws:iam::1:role/a
web_identity_token_file = $D/token
[profile broken]
role_arn = arn:aws:iam::1:role/a
source_profile = source
[profile source]
role_arn = arn:aws:iam::1:role/a
source_profile = absent
[profile from-container]
role_arn = arn:aws:iam::1:role/a
credential_source = EcsContainer
[profile sso]
sso_session = corp
[profile region-only]
region = eu-west-1
";

const PROCESS: &str = r#"echo '{"Version":1,"AccessKeyId":"PROCESS","SecretAccessKey":"planted"}'"#;

const KEYS: (&str, &str) = ("AWS_ACCESS_KEY_ID", "VARIABLES");
const SECRET: (&str, &str) = ("AWS_SECRET_ACCESS_KEY", "planted");
const TOKEN: (&str, &str) = ("AWS_WEB_IDENTITY_TOKEN_FILE", "$D/token");
const ROLE: (&str, &str) = ("AWS_ROLE_ARN", "arn:aws:iam::1:role/a");
const FILE: (&str, &str) = ("AWS_CONFIG_FILE", "$D/config");
const CONTAINER: (&str, &str) = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/abc");
const ELSEWHERE: (&str, &str) = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://evil.example/keys");
const NO_INSTANCE: (&str, &str) = ("AWS_EC2_METADATA_DISABLED", "true");

const fn profile(name: &'static str) -> (&'static str, &'static str) {
    ("AWS_PROFILE", name)
}

/// Variables (`$D` is the folder of files), and the id of the keys that ECR receives, or a part of the error.
type Row = (&'static [(&'static str, &'static str)], Result<&'static str, &'static str>);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    // The order of the chain: each row lacks the first source of the row before it.
    (&[KEYS, SECRET, TOKEN, ROLE, FILE, CONTAINER],  Ok("VARIABLES")),
    (&[TOKEN, ROLE, FILE, CONTAINER],                Ok("FEDERATED")),
    (&[FILE, CONTAINER],                             Ok("PROFILE")),
    (&[CONTAINER],                                   Ok("CONTAINER")),
    (&[],                                            Ok("INSTANCE")),
    (&[NO_INSTANCE],                                 Ok("anonymous")),
    // The sources of a profile.
    (&[FILE, profile("process")],                    Ok("PROCESS")),
    (&[FILE, profile("role")],                       Ok("PROFILE+ROLE")),
    (&[FILE, profile("chained")],                    Ok("PROFILE+ROLE+ROLE")),
    (&[FILE, profile("federated")],                  Ok("FEDERATED")),
    (&[FILE, profile("from-container"), CONTAINER],  Ok("CONTAINER+ROLE")),
    (&[FILE, profile("region-only"), CONTAINER],     Ok("CONTAINER")),
    // Errors, which stop the chain.
    (&[FILE, profile("sso"), CONTAINER],             Err("IAM Identity Center (SSO) is not supported")),
    (&[FILE, profile("absent"), CONTAINER],          Err("AWS profile absent ($D/config, $D/credentials): no such profile")),
    (&[FILE, profile("broken"), CONTAINER],          Err("AWS profile broken ($D/config, $D/credentials): AWS profile source: AWS profile absent: no such profile")),
    (&[TOKEN, CONTAINER],                            Err("AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not")),
    (&[ELSEWHERE],                                   Err("not allowed: http://evil.example/keys")),
];

/// Returns the id of the keys that signed a request.
fn signer(request: &ReceivedRequest) -> String {
    let (_, rest) = request.header("authorization").unwrap().split_once("Credential=").unwrap();
    rest.split('/').next().unwrap().to_owned()
}

/// Plays all services of AWS. STS appends `+ROLE` to the id of the keys that assume a role; the password of ECR is the id.
fn aws(request: &ReceivedRequest) -> Reply {
    let xml = |id: &str| {
        format!(
            "<AccessKeyId>{id}</AccessKeyId><SecretAccessKey>planted</SecretAccessKey><SessionToken>s</SessionToken>"
        )
    };
    let json = |id: &str| format!(r#"{{"AccessKeyId":"{id}","SecretAccessKey":"planted","Token":"s"}}"#);
    match request.target.as_str() {
        "/https/sts.eu-west-1.amazonaws.com/" if request.body.contains("Action=AssumeRole&") => {
            Reply::new(200, xml(&format!("{}+ROLE", signer(request))))
        }
        "/https/sts.eu-west-1.amazonaws.com/" => Reply::new(200, xml("FEDERATED")),
        "/http/169.254.170.2/v2/credentials/abc" => Reply::new(200, json("CONTAINER")),
        "/http/169.254.169.254/latest/api/token" => Reply::new(200, "session"),
        "/http/169.254.169.254/latest/meta-data/iam/security-credentials/" => Reply::new(200, "reader"),
        "/http/169.254.169.254/latest/meta-data/iam/security-credentials/reader" => {
            assert_eq!(request.header("x-aws-ec2-metadata-token"), Some("session"));
            Reply::new(200, json("INSTANCE"))
        }
        "/https/api.ecr.eu-west-1.amazonaws.com/" => {
            use base64::Engine;
            let token = base64::engine::general_purpose::STANDARD.encode(format!("AWS:{}", signer(request)));
            Reply::new(200, format!(r#"{{"authorizationData":[{{"authorizationToken":"{token}"}}]}}"#))
        }
        other => Reply::new(404, format!("unexpected request: {other}")),
    }
}

#[tokio::test]
async fn uses_the_first_source_of_aws_keys() {
    let folder = tempfile::tempdir().unwrap();
    let filled = |text: &str| text.replace("$D", folder.path().to_str().unwrap());
    for (file, text) in [("config", CONFIG), ("credentials", ""), ("process", PROCESS), ("token", "jwt")] {
        fs::write(folder.path().join(file), filled(text)).unwrap();
    }
    let double = Double::start(aws).await;
    let gateway = Url::parse(&format!("http://{}", double.host())).unwrap();
    for (variables, expected) in ROWS {
        let fixed = [("PATH", "/usr/bin:/bin"), ("AWS_SHARED_CREDENTIALS_FILE", "$D/credentials")];
        let variables = variables.iter().chain(&fixed).map(|(name, value)| ((*name).to_owned(), filled(value)));
        let environment: BTreeMap<_, _> = variables.collect();
        let env = PlatformEnv::new(environment.clone())
            .with_gateway(|| "2026-11-21T08:00:00Z".parse().unwrap(), gateway.clone());
        let vendor = VENDORS.iter().find(|vendor| vendor.serves(HOST, &env)).unwrap();
        match (vendor.identity(HOST, &env).await, expected) {
            (Ok(found), Ok(id)) => {
                let password = found.map_or("anonymous".to_owned(), |found| match found.credential {
                    RegistryCredential::Basic { password, .. } => password.reveal().to_owned(),
                    other => panic!("{environment:?}: {other:?}"),
                });
                assert_eq!(password, *id, "{environment:?}");
            }
            (Err(error), Err(part)) => assert!(error.contains(&filled(part)), "{environment:?}: {error}"),
            (found, _) => panic!("{environment:?}: {found:?}"),
        }
    }
}
