//! Counts the requests of a run with ten images, ten branches and ten pull requests, and of the next run without changes.
//! `cargo test --release --test it -- run::request_counts --nocapture` also prints time and memory.

use serde_json::Value;
use tagboat::demo::registry::{EmbeddedRegistry, ImageSpec};

use crate::support::double::{Double, TOKEN};
use crate::support::github::GITHUB;
use crate::support::repository::Bare;
use crate::support::tagboat::{ProgramOutput, Tagboat};

const IMAGES: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn sends_few_requests_for_ten_images_and_for_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let registry = EmbeddedRegistry::start().await.unwrap();
    let bare = Bare::new(folder.path(), "gitops");
    let double = Double::start(&GITHUB, &bare.path);
    let config = format!(
        "forge: {{ kind: github, url: '{}', repository: acme/gitops }}\npull-requests: {{ max-open: {IMAGES} }}\n\
         registries: {{ ghcr.io: {{ mirror: 'http://{}' }} }}\n",
        double.api_url,
        registry.host()
    );
    bare.commit("main", &[("tagboat.yaml", &config)], "Configure");
    for number in 0..IMAGES {
        for tag in ["1.0", "1.1"] {
            registry.push(&format!("acme/app-{number}"), tag, &ImageSpec::default()).unwrap();
        }
        let manifest = format!("kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/acme/app-{number}:1.0\n");
        bare.commit("main", &[(&format!("app-{number}/pod.yaml"), &manifest)], "Deploy");
    }
    let tagboat = Tagboat::new().with("TAGBOAT_FORGE_TOKEN", TOKEN).with("TAGBOAT_FORGE_URL", &double.api_url);
    let run = || tagboat.run(&["run", "-C", &bare.url(), "--format", "json"]);

    let first = measured("ten images, ten pull requests", &run());
    assert_eq!(actions(&first), vec!["open"; IMAGES]);
    assert_eq!(double.host(|host| host.pulls.len()), IMAGES);
    // One list and the name of the user; for each image the closed pull requests, three steps of a commit, and the creation.
    assert_eq!(first["requests"]["forge"], 2 + 5 * IMAGES);
    let second = measured("nothing to do", &run());
    assert_eq!(actions(&second), vec!["unchanged"; IMAGES]);
    assert!(second["requests"]["forge"].as_u64().unwrap() <= 3, "{second:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_counts_each_image_once_in_a_run_with_a_direct_commit() {
    let folder = tempfile::tempdir().unwrap();
    let registry = EmbeddedRegistry::start().await.unwrap();
    let bare = Bare::new(folder.path(), "gitops");
    let double = Double::start(&GITHUB, &bare.path);
    let config = format!(
        "forge: {{ kind: github, url: '{}', repository: acme/gitops }}\ngit: {{ base: main }}\n\
         rules: [{{ images: ['**'], mode: commit }}]\nregistries: {{ ghcr.io: {{ mirror: 'http://{}' }} }}\n",
        double.api_url,
        registry.host()
    );
    for tag in ["1.0", "1.1"] {
        registry.push("acme/app", tag, &ImageSpec::default()).unwrap();
    }
    let manifest = "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/acme/app:1.0\n";
    bare.commit("main", &[("tagboat.yaml", &config), ("pod.yaml", manifest)], "Deploy");
    let tagboat = Tagboat::new().with("TAGBOAT_FORGE_TOKEN", TOKEN).with("TAGBOAT_FORGE_URL", &double.api_url);
    let run = measured("direct commit", &tagboat.run(&["run", "-C", &bare.url(), "--format", "json"]));
    assert_eq!(actions(&run), ["commit"]);
    // One list, and the manifest and the configuration of both versions for the message of the commit.
    assert_eq!(run["requests"]["registry"], 5, "{run:#}");
    assert_eq!((&run["up-to-date"], &run["images"][0]["status"]), (&0.into(), &"update".into()), "{run:#}");
    assert_eq!((&run["images"][0]["current"], &run["images"][0]["chosen"]), (&"1.0".into(), &"1.1".into()), "{run:#}");
}

fn measured(what: &str, output: &ProgramOutput) -> Value {
    assert_eq!(output.code, 0, "{output:?}");
    let report = output.json();
    let (wall, peak, requests) = (output.wall.as_millis(), output.peak_kib / 1024, &report["requests"]);
    println!("{what}: {wall} ms, {peak} MiB, requests {requests}");
    report
}

fn actions(report: &Value) -> Vec<&str> {
    let proposals = report["proposals"].as_array().unwrap();
    proposals.iter().map(|proposal| proposal["action"].as_str().unwrap()).collect()
}
