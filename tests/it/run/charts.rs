//! Charts in OCI registries: Helm pushes version `1.2.3+up1` as the tag `1.2.3_up1`, and manifests have the version. From the
//! registry to the branch of a pull request, in each format, beside an image whose tags have a `_` of their own.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::docker_registry::DockerRegistry;
use crate::support::http_double::Double;
use crate::support::registry_content::Content;
use crate::support::repository::Bare;
use crate::support::tagboat::Tagboat;

/// The manifests. `HOST` is the registry, `OLD` the version of the chart.
const MANIFESTS: &[(&str, &str)] = &[
    (
        "argo/application.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    repoURL: HOST/charts\n    chart: monitoring\n    targetRevision: OLD\n",
    ),
    (
        "flux/release.yaml",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: a, namespace: flux-system }\nspec:\n  chart:\n    spec:\n      chart: monitoring\n      version: OLD\n      sourceRef: { kind: HelmRepository, name: acme }\n",
    ),
    (
        "flux/repository.yaml",
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: { name: acme, namespace: flux-system }\nspec: { type: oci, url: 'oci://HOST/charts' }\n",
    ),
    (
        "chart/Chart.yaml",
        "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies:\n  - name: monitoring\n    version: OLD\n    repository: oci://HOST/charts\n",
    ),
    ("helmfile.yaml", "releases:\n  - name: a\n    chart: oci://HOST/charts/monitoring\n    version: OLD\n"),
    ("fleet/fleet.yaml", "helm:\n  chart: oci://HOST/charts/monitoring\n  version: OLD\n"),
    (
        "kustomize/kustomization.yaml",
        "helmCharts:\n  - name: monitoring\n    repo: oci://HOST/charts\n    version: OLD\n",
    ),
    (
        "versions.yaml",
        "# renovate: datasource=helm depName=monitoring registryUrl=oci://HOST/charts\nmonitoring: OLD\n",
    ),
];

const IMAGE: &str = "kind: Pod\nspec:\n  containers:\n  - image: HOST/app:17.0.1_12-jre\n";

/// Returns the content of the chart's repository: Helm records no platform and no build time.
fn chart(tags: &[&str]) -> Content {
    let mut content = Content::default();
    for tag in tags {
        let config = content.add("application/vnd.cncf.helm.config.v1+json", &json!({ "version": tag }).to_string());
        let top = content.manifest(&config);
        content.tag(tag, &top);
    }
    content
}

const TAGS: &[&str] = &["102.0.0_up1.2.3", "102.0.1_up1.2.4", "102.0.1-rc.1_up1.2.5"];

/// Rules for all: no chart has a platform, a build time or a place for a digest.
const CONFIG: &str = "policies: { release: { semver: '*' }, builds: { newest-build: true } }\n\
    rules:\n- { images: ['**/app'], platforms: [linux/amd64], min-age: 1d }\n\
    - { images: ['**'], policy: builds }\n- { images: ['**'], policy: POLICY, platforms: [linux/amd64], min-age: 1d, pin: true }\n\
    pull-requests: { max-open: 10 }\n";

/// A repository with all manifests, and the program with a folder as the forge.
struct Setup {
    bare: Bare,
    tagboat: Tagboat,
    host: String,
    folder: TempDir,
}

impl Setup {
    fn new(host: &str, policy: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let bare = Bare::new(folder.path(), "gitops");
        let with_version = |text: &str| text.replace("HOST", host).replace("OLD", "102.0.0+up1.2.3");
        let mut files: Vec<(&str, String)> = MANIFESTS.iter().map(|(path, text)| (*path, with_version(text))).collect();
        files.push(("pod.yaml", with_version(IMAGE)));
        files.push(("tagboat.yaml", CONFIG.replace("POLICY", policy)));
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        bare.commit("main", &files, "Deploy");
        let forge = folder.path().join("pulls");
        let tagboat = Tagboat::new().with_config(&format!(
            "forge: {{ kind: local, folder: {} }}\nregistries: {{ '{host}': {{ plain-http: true }} }}\n",
            forge.display()
        ));
        Self { bare, tagboat, host: host.to_owned(), folder }
    }

    fn run(&self, more: &[&str]) -> Value {
        let url = self.bare.url();
        let output = self.tagboat.run(&[&["run", "-C", &url, "--format", "json"], more].concat());
        assert_eq!(output.code, 0, "{output:?}");
        output.json()
    }

    /// Checks that every manifest has the new version on the branch of its pull request, and the image its new tag.
    fn check(&self, report: &Value) {
        for (path, text) in MANIFESTS.iter().filter(|(_, text)| text.contains("OLD")).chain([&("pod.yaml", IMAGE)]) {
            let proposals = report["proposals"].as_array().unwrap();
            let branches = proposals.iter().filter_map(|proposal| proposal["branch"].as_str());
            let expected = text
                .replace("HOST", &self.host)
                .replace("OLD", "102.0.1+up1.2.4")
                .replace("17.0.1_12-jre", "17.0.2_8-jre");
            let found: Vec<String> =
                branches.map(|branch| String::from_utf8(self.bare.file(branch, path)).unwrap()).collect();
            assert!(found.contains(&expected), "{path}: {found:#?}\n{report:#}");
        }
    }
}

fn image() -> Content {
    let mut content = Content::default();
    for (tag, built) in [("17.0.1_12-jre", "2024-01-01T00:00:00Z"), ("17.0.2_8-jre", "2024-02-01T00:00:00Z")] {
        content.complete(tag, built);
    }
    content
}

#[tokio::test(flavor = "multi_thread")]
async fn proposes_chart_versions_in_every_format() {
    for policy in ["release", "shape"] {
        let (charts, images) = (chart(TAGS), image());
        let server = Double::start(move |request| {
            if request.path().starts_with("/v2/app/") { images.reply(request) } else { charts.reply(request) }
        })
        .await;
        let setup = Setup::new(&server.host(), policy);
        let report = setup.run(&[]);
        setup.check(&report);
        let changes = report["changes"].as_array().unwrap();
        assert_eq!(changes.len(), MANIFESTS.len(), "each chart and the image: {report:#}");
        let of_chart = changes.iter().filter(|change| change["to"] == "102.0.1+up1.2.4");
        assert_eq!(of_chart.count(), MANIFESTS.len() - 1, "{report:#}");
        // Registries get the tag, in which no `+` can be.
        let received = server.received();
        assert!(received.iter().all(|request| !request.target.contains('+')), "{received:#?}");
        assert!(received.iter().any(|request| request.target.ends_with("/102.0.1_up1.2.4")), "{received:#?}");
        let lists = received.iter().filter(|request| request.target.contains("/v2/charts/monitoring/tags/list"));
        assert_eq!(lists.count(), 1, "one list for all its references");

        let (branches, again) = (setup.bare.branches(), setup.run(&[]));
        assert!(again["proposals"].as_array().unwrap().iter().all(|one| one["action"] == "unchanged"), "{again:#}");
        assert_eq!(setup.bare.branches(), branches);
    }
}

/// A run for one image keeps what open pull requests propose for the others, which their record has with a `+`.
#[tokio::test(flavor = "multi_thread")]
async fn keeps_proposed_chart_versions_and_takes_one_from_the_command_line() {
    let (charts, images) = (chart(TAGS), image());
    let server = Double::start(move |request| {
        if request.path().starts_with("/v2/app/") { images.reply(request) } else { charts.reply(request) }
    })
    .await;
    let setup = Setup::new(&server.host(), "release");
    let given = format!("{}/charts/monitoring:102.0.1+up1.2.4", setup.host);
    let report = setup.run(&["--image", &given]);
    assert_eq!(report["changes"].as_array().unwrap().len(), MANIFESTS.len() - 1, "{report:#}");
    let given = format!("{}/app:17.0.2_8-jre", setup.host);
    let report = setup.run(&["--image", &given]);
    setup.check(&report);
    let branches = setup.bare.branches();
    setup.run(&[]);
    assert_eq!(setup.bare.branches(), branches);
}

#[test]
fn pins_and_reads_charts_of_docker_registry() {
    let content = chart(TAGS);
    let digest = content.tags["102.0.1_up1.2.4"].clone();
    let prepare = |folder: &std::path::Path| content.write(folder, "charts/monitoring");
    let Some(server) = DockerRegistry::start("http: {addr: $ADDR}", prepare) else { return };
    let setup = Setup::new(&server.host(), "release");
    let image = format!("{}/charts/monitoring", server.host());
    let explain = |more: &[&str]| {
        let arguments = [&["explain", &image, "--current", "102.0.0+up1.2.3", "--format", "json"], more].concat();
        setup.tagboat.run(&arguments).json()
    };
    let report = explain(&["--policy", "semver: '>=102'"]);
    assert_eq!(report["chosen"], "102.0.1+up1.2.4", "{report:#}");
    let report = explain(&["--policy", "{ exact: 102.0.1_up1.2.4 }"]);
    assert_eq!(report["chosen"], "102.0.1+up1.2.4", "{report:#}");
    let report = explain(&["--policy", "{ digest: 102.0.1+up1.2.4 }"]);
    assert_eq!(report["chosen"], format!("102.0.1+up1.2.4@{digest}"), "{report:#}");
    let tags = setup.folder.path().join("tags");
    std::fs::write(&tags, "102.0.0_up1.2.3\n102.0.2+up1.2.5\n102.0.3_up1.2.6\n").unwrap();
    let report = explain(&["--policy", "semver: '*'", "--tags", tags.to_str().unwrap()]);
    assert_eq!(report["chosen"], "102.0.3+up1.2.6", "{report:#}");
}
