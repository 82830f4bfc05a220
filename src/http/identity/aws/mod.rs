//! AWS keys of this process, from the first source that has some, in the order of aws-sdk-go-v2
//! (`config/resolve_credentials.go`, `resolveCredentialChain`):
//!
//! 1. `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`;
//! 2. `AWS_WEB_IDENTITY_TOKEN_FILE` with `AWS_ROLE_ARN` (EKS, OpenID Connect of a CI server);
//! 3. the profile that `AWS_PROFILE` or `AWS_DEFAULT_PROFILE` names, or `default`, in `~/.aws/config` and
//!    `~/.aws/credentials` (`AWS_CONFIG_FILE`, `AWS_SHARED_CREDENTIALS_FILE`): `role_arn` with `source_profile`,
//!    `credential_source` or `web_identity_token_file`, access keys, or `credential_process`;
//! 4. the role of the container (ECS, EKS Pod Identity);
//! 5. the role of the EC2 instance.
//!
//! botocore differs in one point: there, a profile with `role_arn` precedes the web identity of the environment.
//!
//! Not supported: IAM Identity Center (SSO), `aws login` sessions and multi-factor authentication. A selected profile that
//! needs one of them is an error that names it.

mod domain;
mod metadata;
mod process;
mod profile;
mod sts;

use std::path::PathBuf;

pub(crate) use domain::domain;

use super::platform_env::PlatformEnv;
use super::sigv4::AwsKeys;
use profile::{AssumedRole, KeySource, Profiles, RoleKeySource, Use};

/// Returns the keys and where they come from; `None` if no source has any. The instance's metadata service is queried
/// only with `instance_role`.
pub(crate) async fn keys(
    env: &PlatformEnv,
    region: &str,
    instance_role: bool,
) -> Result<Option<(AwsKeys, String)>, String> {
    if let Some(keys) = in_environment(env) {
        return Ok(Some((keys, "AWS_ACCESS_KEY_ID".to_owned())));
    }
    if let Some(file) = env.variable("AWS_WEB_IDENTITY_TOKEN_FILE") {
        let arn = env.variable("AWS_ROLE_ARN");
        let arn = arn.ok_or("AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not")?;
        let session_name = env.variable("AWS_ROLE_SESSION_NAME");
        let role = AssumedRole { arn, session_name, external_id: None, duration: None };
        let keys = sts::web_identity(env, &role, file, region).await?;
        return Ok(Some((keys, "AWS_WEB_IDENTITY_TOKEN_FILE".to_owned())));
    }
    if let Some(found) = in_profile(env, region).await? {
        return Ok(Some(found));
    }
    if let Some(keys) = metadata::container(env).await? {
        return Ok(Some((keys, "the container's role".to_owned())));
    }
    if !instance_role {
        return Ok(None);
    }
    Ok(metadata::instance(env).await?.map(|keys| (keys, "the instance's role".to_owned())))
}

fn in_environment(env: &PlatformEnv) -> Option<AwsKeys> {
    let id = env.variable("AWS_ACCESS_KEY_ID")?.to_owned();
    Some(AwsKeys { id, secret: env.secret("AWS_SECRET_ACCESS_KEY")?, session: env.secret("AWS_SESSION_TOKEN") })
}

/// Both shared files, and their paths for messages.
struct SharedFiles {
    profiles: Profiles,
    paths: String,
}

fn shared_files(env: &PlatformEnv) -> Result<SharedFiles, String> {
    let path = |variable: &str, default: &str| match env.variable(variable) {
        Some(path) => Some((PathBuf::from(path), true)),
        None => env.home(default).map(|path| (path, false)),
    };
    let config = path("AWS_CONFIG_FILE", ".aws/config");
    let credentials = path("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
    // A file that a variable names has to exist.
    let read = |file: &Option<(PathBuf, bool)>| match file {
        Some((path, required)) if *required || path.is_file() => env.read(path),
        _ => Ok(String::new()),
    };
    let profiles = Profiles::parse(&read(&config)?, &read(&credentials)?);
    let paths = [config, credentials].into_iter().flatten().map(|(path, _)| path.display().to_string());
    Ok(SharedFiles { profiles, paths: paths.collect::<Vec<_>>().join(", ") })
}

/// Returns the keys of the selected profile. Only a profile that a variable names has to exist.
async fn in_profile(env: &PlatformEnv, region: &str) -> Result<Option<(AwsKeys, String)>, String> {
    let named = env.variable("AWS_PROFILE").or_else(|| env.variable("AWS_DEFAULT_PROFILE"));
    let name = named.unwrap_or("default");
    let files = shared_files(env)?;
    if named.is_none() && files.profiles.get(name).is_none() {
        return Ok(None);
    }
    let keys = profile_keys(env, &files, name, region, &[]).await?;
    Ok(keys.map(|keys| (keys, format!("AWS profile {name}"))))
}

/// Returns the keys of one profile; `None` if it has no credential settings. `dependents` are the profiles whose source it
/// is, from the selected one on.
async fn profile_keys(
    env: &PlatformEnv,
    files: &SharedFiles,
    name: &str,
    region: &str,
    dependents: &[&str],
) -> Result<Option<AwsKeys>, String> {
    // The error of a source is part of the one that names the files.
    let paths = if dependents.is_empty() { format!(" ({})", files.paths) } else { String::new() };
    let failed = |cause: String| format!("AWS profile {name}{paths}: {cause}");
    let profile = files.profiles.get(name).ok_or_else(|| failed("no such profile".to_owned()))?;
    let used_as = match dependents {
        [] => Use::Selected,
        profiles if profiles.contains(&name) => Use::OwnSource,
        _ => Use::Source,
    };
    let region = profile.region().unwrap_or(region);
    let Some(source) = profile.source(used_as).map_err(failed)? else { return Ok(None) };
    let keys = match source {
        KeySource::Keys(keys) => Ok(keys),
        KeySource::Process(command) => process::run(command, &env.inherited(), env.now()).await,
        KeySource::WebIdentity { role, token_file } => sts::web_identity(env, &role, token_file, region).await,
        KeySource::AssumedRole { role, base } => {
            let base = match base {
                RoleKeySource::Environment => Ok(in_environment(env)),
                RoleKeySource::Container => metadata::container(env).await,
                RoleKeySource::Instance => metadata::instance(env).await,
                RoleKeySource::Profile(source) => {
                    let dependents = [dependents, &[name]].concat();
                    Box::pin(profile_keys(env, files, source, region, &dependents)).await
                }
            };
            match base {
                Ok(Some(keys)) => sts::assume_role(env, &role, &keys, region).await,
                Ok(None) => Err("found no keys to assume role_arn with".to_owned()),
                Err(cause) => Err(cause),
            }
        }
    };
    keys.map(Some).map_err(failed)
}
