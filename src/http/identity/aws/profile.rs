//! Parses AWS's shared `config` and `credentials` files ("Shared config and credentials files", AWS SDKs and Tools
//! Reference Guide). Pure.

use std::collections::BTreeMap;

use crate::secret::Secret;

use super::super::sigv4::AwsKeys;

/// The profiles of both shared files.
#[derive(Debug, Default)]
pub(super) struct Profiles {
    profiles: BTreeMap<String, Profile>,
}

/// The settings of one profile. Values may be secret: `Debug` shows only the keys.
#[derive(Default)]
pub(super) struct Profile {
    settings: BTreeMap<String, String>,
}

/// How a profile gets its keys.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum KeySource<'a> {
    /// Access keys in the file.
    Keys(AwsKeys),
    /// The output of a program (`credential_process`).
    Process(&'a str),
    /// `sts:AssumeRole` with the keys of `base`.
    AssumedRole { role: AssumedRole<'a>, base: RoleKeySource<'a> },
    /// `sts:AssumeRoleWithWebIdentity` with the token in a file.
    WebIdentity { role: AssumedRole<'a>, token_file: &'a str },
}

/// A role to assume.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AssumedRole<'a> {
    pub(super) arn: &'a str,
    pub(super) session_name: Option<&'a str>,
    pub(super) external_id: Option<&'a str>,
    /// `duration_seconds`; STS decides if it is missing.
    pub(super) duration: Option<&'a str>,
}

/// How a profile is used: the first one is selected, others are the `source_profile` of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// `AWS_PROFILE` or the default selects it.
    Selected,
    /// It is the source of another profile.
    Source,
    /// It is its own source, perhaps through other profiles: its role was already used.
    OwnSource,
}

/// Where the keys come from that assume a role.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RoleKeySource<'a> {
    Profile(&'a str),
    Environment,
    Container,
    Instance,
}

/// Settings of sign-in methods that need a person or a token cache, and the error for each.
const UNSUPPORTED: &[(&str, &str)] = &[
    ("sso_session", "IAM Identity Center (SSO) is not supported"),
    ("sso_start_url", "IAM Identity Center (SSO) is not supported"),
    ("login_session", "`aws login` sessions are not supported"),
];

impl Profiles {
    /// Parses both files. A setting in the credentials file overrides the same one in the config file.
    pub(super) fn parse(config: &str, credentials: &str) -> Self {
        let mut profiles = BTreeMap::<String, Profile>::new();
        let config_name = |section: &str| match section.split_once(char::is_whitespace) {
            Some(("profile", name)) => Some(unquoted(name.trim()).to_owned()),
            None if section == "default" => Some(section.to_owned()),
            _ => None,
        };
        let credentials_name = |section: &str| Some(unquoted(section).to_owned());
        for (section, key, value) in settings(config) {
            if let Some(name) = config_name(section) {
                profiles.entry(name).or_default().set(key, value);
            }
        }
        for (section, key, value) in settings(credentials) {
            if let Some(name) = credentials_name(section) {
                profiles.entry(name).or_default().set(key, value);
            }
        }
        Self { profiles }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Profile> {
        self.profiles.get(name)
    }
}

impl Profile {
    /// Returns the region, for requests to the Security Token Service.
    pub(super) fn region(&self) -> Option<&str> {
        self.get("region")
    }

    /// Returns how the profile gets its keys; `None` if it has no credential settings.
    ///
    /// The order is that of aws-sdk-go-v2 (`config/resolve_credentials.go`, `resolveCredsFromProfile`): role, access keys,
    /// SSO, `credential_process`. A profile that is the source of another one uses its access keys first, and its role only
    /// once (`config/shared_config.go`, `setFromIniSections`; botocore does the same).
    pub(super) fn source(&self, used_as: Use) -> Result<Option<KeySource<'_>>, String> {
        let keys = self.keys()?.map(KeySource::Keys);
        let role = if used_as == Use::OwnSource { None } else { self.get("role_arn") };
        match (keys, role) {
            (Some(keys), None) => Ok(Some(keys)),
            (Some(keys), Some(_)) if used_as != Use::Selected => Ok(Some(keys)),
            (_, Some(arn)) => self.assumed(arn).map(Some),
            (None, None) => {
                self.check_supported()?;
                Ok(self.get("credential_process").map(KeySource::Process))
            }
        }
    }

    /// Fails if the profile uses an unsupported way to sign in.
    fn check_supported(&self) -> Result<(), String> {
        let unsupported = UNSUPPORTED.iter().find(|(key, _)| self.get(key).is_some());
        unsupported.map_or(Ok(()), |(_, error)| Err((*error).to_owned()))
    }

    /// Returns the access keys in the profile itself.
    pub(super) fn keys(&self) -> Result<Option<AwsKeys>, String> {
        match (self.get("aws_access_key_id"), self.get("aws_secret_access_key")) {
            (Some(id), Some(secret)) => Ok(Some(AwsKeys {
                id: id.to_owned(),
                secret: Secret::new(secret),
                session: self.get("aws_session_token").map(Secret::new),
            })),
            (None, None) => Ok(None),
            (Some(_), None) => Err("aws_secret_access_key is missing".to_owned()),
            (None, Some(_)) => Err("aws_access_key_id is missing".to_owned()),
        }
    }

    fn assumed<'a>(&'a self, arn: &'a str) -> Result<KeySource<'a>, String> {
        let (session_name, external_id) = (self.get("role_session_name"), self.get("external_id"));
        let role = AssumedRole { arn, session_name, external_id, duration: self.get("duration_seconds") };
        if self.get("mfa_serial").is_some() {
            return Err("multi-factor authentication (mfa_serial) is not supported".to_owned());
        }
        let sources = ("source_profile", "credential_source", "web_identity_token_file");
        let base = match (self.get(sources.0), self.get(sources.1), self.get(sources.2)) {
            (Some(name), None, None) => RoleKeySource::Profile(name),
            (None, Some("Environment"), None) => RoleKeySource::Environment,
            (None, Some("EcsContainer"), None) => RoleKeySource::Container,
            (None, Some("Ec2InstanceMetadata"), None) => RoleKeySource::Instance,
            (None, Some(other), None) => return Err(format!("unknown credential_source `{}`", other.escape_debug())),
            (None, None, Some(token_file)) => return Ok(KeySource::WebIdentity { role, token_file }),
            _ => {
                self.check_supported()?;
                let (first, second, third) = sources;
                return Err(format!("role_arn needs exactly one of {first}, {second} and {third}"));
            }
        };
        Ok(KeySource::AssumedRole { role, base })
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.settings.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn set(&mut self, key: String, value: &str) {
        self.settings.insert(key, value.to_owned());
    }
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.settings.keys()).finish()
    }
}

/// Returns section, key in lower case, and value of each setting. Indented lines are nested settings and are skipped.
fn settings(text: &str) -> impl Iterator<Item = (&str, String, &str)> {
    let mut section = None;
    text.trim_start_matches('\u{feff}').lines().filter_map(move |line| {
        if line.starts_with(['#', ';', ' ', '\t']) {
            return None;
        }
        if let Some(rest) = line.strip_prefix('[') {
            section = rest.split_once(']').map(|(name, _)| name.trim());
            return None;
        }
        let (key, value) = line.split_once('=')?;
        Some((section?, key.trim().to_ascii_lowercase(), without_comment(value).trim()))
    })
}

/// Removes a comment: `#` or `;` after white space.
fn without_comment(value: &str) -> &str {
    let comments = [" #", " ;", "\t#", "\t;"];
    let end = comments.iter().filter_map(|start| value.find(start)).min().unwrap_or(value.len());
    &value[..end]
}

fn unquoted(name: &str) -> &str {
    let inner = |quote| name.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"
# a comment
[default]
region = eu-west-1
[profile process]
credential_process = "/opt/my tools/keys" --account 7 # ours
[profile "with space"]
aws_access_key_id = AKIA1
AWS_SECRET_ACCESS_KEY=a;b#c
[profile both]
aws_access_key_id = from-config
aws_secret_access_key = from-config
region = us-east-2
[profile role]
role_arn = arn:aws:iam::1:role/a
source_profile = both
role_session_name = ci
external_id = x
duration_seconds = 900
[profile container]
role_arn = arn:aws:iam::1:role/a
credential_source = EcsContainer
[profile instance]
role_arn = arn:aws:iam::1:role/a
credential_source = Ec2InstanceMetadata
[profile environment]
role_arn = arn:aws:iam::1:role/a
credential_source = Environment
[profile federated]
role_arn = arn:aws:iam::1:role/a
web_identity_token_file = /var/token
[profile unknown-source]
role_arn = arn:aws:iam::1:role/a
credential_source = Moon
[profile no-source]
role_arn = arn:aws:iam::1:role/a
[profile half]
aws_access_key_id = AKIA1
[profile sso]
sso_session = corp
[profile sso-with-keys]
sso_session = corp
aws_access_key_id = AKIA2
aws_secret_access_key = copied
[profile sso-with-role]
sso_session = corp
role_arn = arn:aws:iam::1:role/a
[profile own-source]
role_arn = arn:aws:iam::1:role/a
source_profile = own-source
aws_access_key_id = AKIA3
aws_secret_access_key = own
[profile login]
login_session = arn:aws:iam::1:user/me
[profile mfa]
role_arn = arn:aws:iam::1:role/a
source_profile = both
mfa_serial = arn:aws:iam::1:mfa/me
[profile nested]
s3 =
  aws_access_key_id = nested
[sso-session corp]
aws_access_key_id = not-a-profile
[plain]
aws_access_key_id = not-a-profile
"#;

    const CREDENTIALS: &str = "
[both]
aws_access_key_id = from-credentials
aws_secret_access_key = from-credentials
aws_session_token = token
[plain]
credential_process = keys
";

    #[test]
    fn resolves_the_credential_source_of_each_profile() {
        let role =
            || AssumedRole { arn: "arn:aws:iam::1:role/a", session_name: None, external_id: None, duration: None };
        let keys = |id: &str, secret: &str, session: Option<&str>| {
            let (secret, session) = (Secret::new(secret), session.map(Secret::new));
            Ok(Some(KeySource::Keys(AwsKeys { id: id.to_owned(), secret, session })))
        };
        let sourced = |base| Ok(Some(KeySource::AssumedRole { role: role(), base }));
        let named = AssumedRole { session_name: Some("ci"), external_id: Some("x"), duration: Some("900"), ..role() };
        let error = |text: &str| Err(text.to_owned());
        #[rustfmt::skip]
        let rows = [
            ("default",        Ok(None)),
            ("process",        Ok(Some(KeySource::Process("\"/opt/my tools/keys\" --account 7")))),
            ("with space",     keys("AKIA1", "a;b#c", None)),
            ("both",           keys("from-credentials", "from-credentials", Some("token"))),
            ("role",           Ok(Some(KeySource::AssumedRole { role: named, base: RoleKeySource::Profile("both") }))),
            ("container",      sourced(RoleKeySource::Container)),
            ("instance",       sourced(RoleKeySource::Instance)),
            ("environment",    sourced(RoleKeySource::Environment)),
            ("federated",      Ok(Some(KeySource::WebIdentity { role: role(), token_file: "/var/token" }))),
            ("unknown-source", error("unknown credential_source `Moon`")),
            ("no-source",      error("role_arn needs exactly one of source_profile, credential_source and web_identity_token_file")),
            ("half",           error("aws_secret_access_key is missing")),
            ("sso",            error("IAM Identity Center (SSO) is not supported")),
            ("login",          error("`aws login` sessions are not supported")),
            ("mfa",            error("multi-factor authentication (mfa_serial) is not supported")),
            ("sso-with-keys",  keys("AKIA2", "copied", None)),
            ("sso-with-role",  error("IAM Identity Center (SSO) is not supported")),
            ("nested",         Ok(None)),
            ("plain",          Ok(Some(KeySource::Process("keys")))),
        ];
        let profiles = Profiles::parse(CONFIG, CREDENTIALS);
        for (name, expected) in rows {
            assert_eq!(profiles.get(name).unwrap().source(Use::Selected), expected, "{name}");
        }
        let own = profiles.get("own-source").unwrap();
        let role = Ok(Some(KeySource::AssumedRole { role: role(), base: RoleKeySource::Profile("own-source") }));
        assert_eq!(own.source(Use::Selected), role);
        assert_eq!(own.source(Use::Source), keys("AKIA3", "own", None), "keys of a source precede its role");
        assert_eq!(own.source(Use::OwnSource), keys("AKIA3", "own", None));
        assert_eq!(profiles.get("federated").unwrap().source(Use::OwnSource), Ok(None), "its role was already used");
        assert_eq!(profiles.get("default").unwrap().region(), Some("eu-west-1"));
        assert_eq!(profiles.get("both").unwrap().region(), Some("us-east-2"), "from the other file");
        assert!(profiles.get("corp").is_none() && profiles.get("absent").is_none());
        assert!(!format!("{profiles:?}").contains("from-credentials"));
    }
}
