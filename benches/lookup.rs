//! Lists the tags of many images of Debian's `docker-registry`, beside a bare concurrent lister of the same URLs.
//!
//! `cargo bench --bench lookup -- [IMAGES] [TAGS]` (1000 and 1000). Each lister runs three times, in a process of its
//! own, in turns; the best run counts. Needs `docker-registry` on the PATH.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints, starts servers and processes, and ends at the first surprise"
)]

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use serde::Deserialize;
use tagboat::image::ImageName;
use tagboat::registry::{HostSettings, Keychain, Limits, Registries, Registry};

/// Images that are asked about at a time, by both listers: what the library allows itself per registry.
const AT_A_TIME: usize = 16;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["lister", kind, host, images] => report(kind, host, images.parse().unwrap()),
        numbers => {
            let number = |at: usize| numbers.get(at).map_or(1000, |text| text.parse().unwrap());
            compare(number(0), number(1));
        }
    }
}

/// Fills a registry and lets both listers run against it.
fn compare(images: usize, tags: usize) {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), images, tags);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let Ok(mut server) = serve(folder.path(), port) else {
        println!("docker-registry is not installed");
        return;
    };
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let host = format!("127.0.0.1:{port}");
    println!("{images} images x {tags} tags; wall s, CPU s, peak MB, tags, requests");
    for round in 1..=3 {
        for kind in ["bare", "tagboat"] {
            let mut lister = Command::new(std::env::current_exe().unwrap());
            let output = lister.args(["lister", kind, &host, &images.to_string()]).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            print!("{round} {kind:8} {}", String::from_utf8(output.stdout).unwrap());
        }
    }
    server.kill().unwrap();
    server.wait().unwrap();
}

/// The storage of a registry in which all images share their tags, and all tags one manifest: written in no time.
fn fill(root: &Path, images: usize, tags: usize) {
    let digest = format!("sha256:{}", "0".repeat(64));
    let repositories = root.join("docker/registry/v2/repositories");
    let current = root.join("tag/current");
    fs::create_dir_all(&current).unwrap();
    fs::write(current.join("link"), digest).unwrap();
    let shared = root.join("tags");
    fs::create_dir_all(&shared).unwrap();
    for tag in 0..tags {
        symlink(root.join("tag"), shared.join(format!("v1.{}.{}", tag / 100, tag % 100))).unwrap();
    }
    for image in 0..images {
        let manifests = repositories.join(format!("app{image}/_manifests"));
        fs::create_dir_all(&manifests).unwrap();
        symlink(&shared, manifests.join("tags")).unwrap();
    }
}

fn serve(root: &Path, port: u16) -> std::io::Result<Child> {
    let config = root.join("config.yml");
    let log = "log: {level: error, accesslog: {disabled: true}}";
    let storage = format!("storage: {{filesystem: {{rootdirectory: {}, maxthreads: 100}}}}", root.display());
    fs::write(&config, format!("version: 0.1\n{log}\n{storage}\nhttp: {{addr: \"127.0.0.1:{port}\"}}\n")).unwrap();
    Command::new("docker-registry").arg("serve").arg(config).spawn()
}

/// Lists everything, keeping only how much it was, and prints what it took.
fn report(kind: &str, host: &str, images: usize) {
    let start = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (tags, requests) = runtime.block_on(async {
        match kind {
            "bare" => bare(host, images).await,
            _ => tagboat(host, images).await,
        }
    });
    let wall = start.elapsed().as_secs_f64();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: f64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let ticks: Vec<f64> = stat.rsplit(')').next().unwrap().split_whitespace().filter_map(|f| f.parse().ok()).collect();
    // After the name and the state, user and system time are the 11th and 12th field, in hundredths of a second.
    println!("{wall:.2} {:.2} {:.1} {tags} {requests}", (ticks[10] + ticks[11]) / 100.0, peak / 1024.0);
}

async fn tagboat(host: &str, images: usize) -> (usize, u64) {
    let settings = HostSettings { plain_http: true, ..HostSettings::default() };
    let registries = [(host.to_owned(), settings)].into();
    let registries = Registries::connect(registries, Keychain::default(), Limits::default()).unwrap();
    let registries = Arc::new(registries);
    let lists = stream::iter(0..images).map(|image| {
        let registries = registries.clone();
        let name = ImageName::new(&format!("{host}/app{image}")).unwrap();
        async move { tokio::spawn(async move { registries.tags(&name).await.unwrap().len() }).await.unwrap() }
    });
    let tags = lists.buffer_unordered(AT_A_TIME).fold(0, async |sum, tags| sum + tags).await;
    (tags, registries.requests().registry)
}

/// The least that a lister can do: the same URLs, each answer read into a list of texts.
async fn bare(host: &str, images: usize) -> (usize, u64) {
    #[derive(Deserialize)]
    struct List {
        tags: Vec<String>,
    }
    tagboat::http::install_tls();
    let client = reqwest::Client::new();
    let lists = stream::iter(0..images).map(|image| {
        let (client, url) = (client.clone(), format!("http://{host}/v2/app{image}/tags/list?n=1000"));
        async move {
            let list = async move { client.get(url).send().await.unwrap().json::<List>().await.unwrap().tags.len() };
            tokio::spawn(list).await.unwrap()
        }
    });
    (lists.buffer_unordered(AT_A_TIME).fold(0, async |sum, tags| sum + tags).await, images as u64)
}
