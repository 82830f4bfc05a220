//! The registry of a Gitea or Forgejo server that runs the job: the token of the job is its password.

use async_trait::async_trait;

use super::super::credential::{RegistryCredential, ResolvedCredential};
use super::vendor::Vendor;
use crate::http::Url;
use crate::http::identity::PlatformEnv;

/// The registry at the host of the server, while one of its jobs runs. Outside of its jobs it is a registry like any other.
pub(super) struct GiteaRegistry;

/// A runner: the variable that it sets in every job, variables with the address of the server, and variables with the token of the
/// job. Both runners set the variables of GitHub as well.
struct ActionsRunner {
    marker: &'static str,
    servers: [&'static str; 2],
    tokens: [&'static str; 2],
}

const RUNNERS: &[ActionsRunner] = &[
    ActionsRunner {
        marker: "FORGEJO_ACTIONS",
        servers: ["FORGEJO_SERVER_URL", "GITHUB_SERVER_URL"],
        tokens: ["FORGEJO_TOKEN", "GITHUB_TOKEN"],
    },
    ActionsRunner {
        marker: "GITEA_ACTIONS",
        servers: ["GITEA_SERVER_URL", "GITHUB_SERVER_URL"],
        tokens: ["GITEA_TOKEN", "GITHUB_TOKEN"],
    },
];

/// Returns the runner of this job, if its server has the registry at `host`.
fn runner_of(host: &str, env: &PlatformEnv) -> Option<&'static ActionsRunner> {
    let runner = RUNNERS.iter().find(|runner| env.variable(runner.marker).is_some())?;
    let server = Url::parse(runner.servers.iter().find_map(|name| env.variable(name))?).ok()?;
    let port = server.port().map_or(String::new(), |port| format!(":{port}"));
    (format!("{}{port}", server.host_str()?) == host).then_some(runner)
}

#[async_trait]
impl Vendor for GiteaRegistry {
    fn name(&self) -> &'static str {
        "gitea"
    }

    fn serves(&self, host: &str, env: &PlatformEnv) -> bool {
        runner_of(host, env).is_some()
    }

    async fn identity(&self, host: &str, env: &PlatformEnv) -> Result<Option<ResolvedCredential>, String> {
        let Some(runner) = runner_of(host, env) else { return Ok(None) };
        let user = env.variable("GITHUB_ACTOR").unwrap_or(self.token_user());
        let found = runner.tokens.iter().find_map(|name| Some((name, env.secret(name)?)));
        Ok(found.map(|(name, token)| ResolvedCredential {
            credential: RegistryCredential::basic(user, token),
            source: (*name).to_owned(),
            from_platform: true,
        }))
    }
}
