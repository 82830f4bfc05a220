//! A GitOps repository on the double of GitHub, and a registry with a newer tag of its image.

use tagboat::demo::registry::{EmbeddedRegistry, ImageSpec};
use tempfile::TempDir;

use super::double::Double;
use super::github::GITHUB;
use super::repository::Bare;

/// Starts a registry with `acme/api:1.0` and `acme/api:1.1`.
pub(crate) async fn registry() -> EmbeddedRegistry {
    let registry = EmbeddedRegistry::start().await.unwrap();
    for tag in ["1.0", "1.1"] {
        registry.push("acme/api", tag, &ImageSpec::default()).unwrap();
    }
    registry
}

/// Returns a pod with these images, the first on line 4.
pub(crate) fn pod(images: &[String]) -> String {
    let containers = images.iter().map(|image| format!("\n  - image: {image}")).collect::<String>();
    format!("kind: Pod\nspec:\n  containers:{containers}\n")
}

/// The repository, its forge, and the registry of [`registry`].
pub(crate) struct GitOps {
    pub(crate) registry: EmbeddedRegistry,
    pub(crate) double: Double,
    pub(crate) bare: Bare,
    pub(crate) folder: TempDir,
}

impl GitOps {
    /// Commits a configuration, with more lines than those of registry and forge, and manifests: a path and the image of
    /// each, such as `api:1.0`.
    pub(crate) async fn new(config: &str, manifests: &[(&str, &str)]) -> Self {
        let registry = registry().await;
        let folder = tempfile::tempdir().unwrap();
        let bare = Bare::new(folder.path(), "gitops");
        let double = Double::start(&GITHUB, &bare.path);
        let host = registry.host();
        let config = format!(
            "registries: {{ '{host}': {{ plain-http: true }} }}\n{config}\
             forge: {{ kind: github, url: '{}', repository: {} }}\n",
            double.api_url, double.repository
        );
        let pods = manifests.iter().map(|(path, image)| (*path, pod(&[format!("{host}/acme/{image}")])));
        let files = pods.chain([("tagboat.yaml", config)]).collect::<Vec<_>>();
        bare.commit("main", &files.iter().map(|(path, text)| (*path, &**text)).collect::<Vec<_>>(), "Deploy");
        Self { registry, double, bare, folder }
    }
}
