//! `tagboat run --image` after the setting `group` changed: no two open pull requests change one place, and what one proposes for other
//! images stays proposed.

use super::given_images::Step::*;
use super::given_images::{Scenario, perform_all};

const IMAGES: &str = "api:1.0 api:1.3 api:1.4 web:2.0 web:2.1";
const ONE_GROUP: &str = "pull-requests: { group: all }";
const REST_IN_ONE_GROUP: &str = "pull-requests: { group: \"{{ 'all' if path_dir == 'web' else path_dir }}\" }";
const FILES: &[(&str, &str)] = &[
    ("api/app.yaml", "kind: Pod\nspec: { containers: [{ image: ghcr.io/acme/api:1.0 }] }\n"),
    ("web/app.yaml", "kind: Pod\nspec: { containers: [{ image: ghcr.io/acme/web:2.0 }] }\n"),
];

#[rustfmt::skip]
const SCENARIOS: &[Scenario] = &[
    Scenario { name: "one group is divided", config: ONE_GROUP, files: FILES, steps: &[
        Run("api:1.3 web:2.1", &["open tagboat/all: …"], &[]),
        Configure(""),
        Run("api:1.4", &["open tagboat/api: …", "open tagboat/web: …", "close tagboat/all: superseded: …"], &[]),
        Contains("tagboat/api", "api/app.yaml", "api:1.4"),
        Contains("tagboat/web", "web/app.yaml", "web:2.1"),
        Run("", &["unchanged tagboat/api: …", "unchanged tagboat/web: …"], &[]),
    ] },
    Scenario { name: "a group loses a place", config: ONE_GROUP, files: FILES, steps: &[
        Run("api:1.3 web:2.1", &["open tagboat/all: …"], &[]),
        Configure(REST_IN_ONE_GROUP),
        Run("api:1.4", &["update tagboat/all: …", "open tagboat/api: …"], &[]),
        Contains("tagboat/api", "api/app.yaml", "api:1.4"),
        Contains("tagboat/all", "api/app.yaml", "api:1.0"),
        Contains("tagboat/all", "web/app.yaml", "web:2.1"),
        Run("", &["unchanged tagboat/all: …", "unchanged tagboat/api: …"], &[]),
    ] },
    Scenario { name: "groups are joined", config: "", files: FILES, steps: &[
        Run("api:1.3 web:2.1", &["open tagboat/api: …", "open tagboat/web: …"], &[]),
        Configure(ONE_GROUP),
        Run("api:1.4", &["open tagboat/all: …", "close tagboat/api: superseded: …", "close tagboat/web: superseded: …"], &[]),
        Contains("tagboat/all", "api/app.yaml", "api:1.4"),
        Contains("tagboat/all", "web/app.yaml", "web:2.1"),
        Run("", &["unchanged tagboat/all: …"], &[]),
    ] },
    Scenario { name: "a pull request for other images is left alone", config: "", files: FILES, steps: &[
        Run("web:2.1", &["open tagboat/web: …"], &[]),
        Run("api:1.3", &["open tagboat/api: …", "leave tagboat/web: outside the scope of this run"], &[]),
    ] },
];

#[tokio::test(flavor = "multi_thread")]
async fn leaves_one_pull_request_for_each_place() {
    perform_all(SCENARIOS, IMAGES).await;
}
